import type { Workload } from './workload.ts';

const SHOWS = ['mbPerSecond', 'firstByteP50', 'cpuPerGiB', 'storageRequests', 'peakRss'] as const;
const WHOLE = { pattern: { form: 'whole' }, status: 200, shows: SHOWS } as const;

/** The large object, one download after the other. */
export const wholeLarge: Workload = {
  ...WHOLE,
  name: 'whole-large',
  title: 'whole, large object',
  object: 'large',
  connections: 1,
};

/** Objects of 8 MiB, one download after the other. */
export const wholeMedium: Workload = {
  ...WHOLE,
  name: 'whole-8m',
  title: 'whole, 8 MiB',
  object: 'medium',
  connections: 1,
};

/** An object that fits into a buffered response of Lambda. */
export const wholePayload: Workload = {
  ...WHOLE,
  name: 'whole-4m',
  title: 'whole, 4 MB',
  object: 'payload',
  connections: 1,
};

/** One client, and an object that is in no cache. */
export const wholeCold: Workload = {
  ...WHOLE,
  name: 'whole-cold',
  title: 'whole, 256 MiB, in no cache',
  object: 'cold',
  connections: 1,
  requests: 1,
};

/** Clients that request the same object at the same time. */
export const stampede: Workload = {
  ...WHOLE,
  name: 'stampede',
  title: 'whole, 8 MiB, 50 clients at once',
  object: 'medium',
  connections: 50,
  requests: 50,
  shows: ['mbPerSecond', 'firstByteP99', 'cpuPerGiB', 'storageRequests', 'storageBytes', 'peakRss'],
};

/** Clients that read 1 MB/s each and disconnect in the middle: shows the memory that is buffered per client. */
export const slowClients: Workload = {
  ...WHOLE,
  name: 'slow-clients',
  title: 'whole, large object, 64 clients at 1 MB/s',
  object: 'large',
  connections: 64,
  pace: 1_000_000,
  shows: ['firstByteP99', 'cpuPerGiB', 'storageBytes', 'peakRss'],
};
