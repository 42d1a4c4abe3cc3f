import type { Workload } from './workload.ts';

const SHOWS = ['requestsPerSecond', 'firstByteP50', 'cpuPerThousand', 'storageRequests'] as const;

/** The client's copy is the current one. */
export const notModified: Workload = {
  name: 'not-modified-c8',
  title: '304 to If-None-Match, 8 clients',
  object: 'medium',
  ask: { form: 'whole' },
  connections: 8,
  condition: 'if-none-match',
  status: 304,
  shows: SHOWS,
};

export const missing: Workload = {
  name: 'missing-c8',
  title: '404, 8 clients',
  object: 'missing',
  ask: { form: 'whole' },
  connections: 8,
  status: 404,
  shows: SHOWS,
};
