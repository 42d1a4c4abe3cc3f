import type { LoadJob, LoadResult } from './job.ts';

// What comes over the channel was sent by the other end of this program: enough is looked at to tell messages apart.

export function isLoadJob(message: unknown): message is LoadJob {
  return typeof message === 'object' && message !== null && 'ask' in message && 'connections' in message;
}

export function isLoadResult(value: unknown): value is LoadResult {
  return typeof value === 'object' && value !== null && 'requests' in value && 'firstByte' in value;
}
