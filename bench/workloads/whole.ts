import type { Workload } from './workload.ts';

const SHOWS = ['mbPerSecond', 'firstByteP50', 'cpuPerGiB', 'storageRequests', 'peakRss'] as const;
const WHOLE = { ask: { form: 'whole' }, status: 200, shows: SHOWS } as const;

/** The large object, one after the other. */
export const wholeLarge: Workload = {
  ...WHOLE,
  name: 'whole-large',
  title: 'whole, large object',
  object: 'large',
  connections: 1,
};

export const wholeMedium: Workload = {
  ...WHOLE,
  name: 'whole-8m',
  title: 'whole, 8 MiB',
  object: 'medium',
  connections: 1,
};

/** For Lambda's buffered answers. */
export const wholePayload: Workload = {
  ...WHOLE,
  name: 'whole-4m',
  title: 'whole, 4 MB',
  object: 'payload',
  connections: 1,
};

/** One client, an object that no cache has. */
export const wholeCold: Workload = {
  ...WHOLE,
  name: 'whole-cold',
  title: 'whole, 256 MiB, never asked for before',
  object: 'cold',
  connections: 1,
  requests: 1,
};

/** Clients that ask for the same object in the same moment. */
export const stampede: Workload = {
  ...WHOLE,
  name: 'stampede',
  title: 'whole, 8 MiB, 50 clients at once',
  object: 'medium',
  connections: 50,
  requests: 50,
  shows: ['mbPerSecond', 'firstByteP99', 'cpuPerGiB', 'storageRequests', 'storageBytes', 'peakRss'],
};

/** Clients that take 1 MB/s each and leave in the middle: what is held for them shows in the memory. */
export const slowClients: Workload = {
  ...WHOLE,
  name: 'slow-clients',
  title: 'whole, large object, 64 clients at 1 MB/s',
  object: 'large',
  connections: 64,
  pace: 1_000_000,
  shows: ['firstByteP99', 'cpuPerGiB', 'storageBytes', 'peakRss'],
};
