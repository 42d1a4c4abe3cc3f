import type { LoadJob, LoadResult } from './job.ts';

// Both ends of the channel are the same program, so these checks only tell messages apart.

/** Tells a job from other messages. */
export function isLoadJob(message: unknown): message is LoadJob {
  return typeof message === 'object' && message !== null && 'pattern' in message && 'connections' in message;
}

/** Tells a result from other messages. */
export function isLoadResult(value: unknown): value is LoadResult {
  return typeof value === 'object' && value !== null && 'requests' in value && 'firstByte' in value;
}
