import type { Workload } from './workload.ts';

const SHOWS = ['requestsPerSecond', 'firstByteP50', 'cpuPerThousand', 'storageRequests'] as const;

/** Revalidation of a current copy. */
export const notModified: Workload = {
  name: 'not-modified-c8',
  title: '304 to If-None-Match, 8 clients',
  object: 'medium',
  pattern: { form: 'whole' },
  connections: 8,
  condition: 'if-none-match',
  status: 304,
  shows: SHOWS,
};

/** Requests for an object that does not exist. */
export const missing: Workload = {
  name: 'missing-c8',
  title: '404, 8 clients',
  object: 'missing',
  pattern: { form: 'whole' },
  connections: 8,
  status: 404,
  shows: SHOWS,
};
