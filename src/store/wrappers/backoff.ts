import { storeError } from '../store-error.ts';

/**
 * Limits of the pause before a retry, in ms: `first` before the first retry, doubled for each further one, at most
 * `most`.
 */
export interface Backoff {
  readonly first: number;
  readonly most: number;
}

/**
 * Waits before a retry. The pause is a random time below the limit (full jitter), so that callers that failed at the
 * same time do not retry at the same time.
 *
 * @param failed number of failed tries, 1 or more
 * @throws StoreError `aborted` as soon as the signal fires
 */
export function backOff({ first, most }: Backoff, failed: number, signal?: AbortSignal): Promise<void> {
  return sleep(Math.random() * Math.min(most, first * 2 ** (failed - 1)), signal);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      if (signal?.aborted === true) reject(storeError('aborted', 'the request was aborted before the next try'));
      else resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish);
    if (signal?.aborted === true) finish();
  });
}
