import { storeError } from '../store-error.ts';

/** How long to wait between tries, in ms: up to `first`, then up to twice as long each time, and never over `most`. */
export interface Backoff {
  readonly first: number;
  readonly most: number;
}

/**
 * Waits before another try: a random time below the limit, so that all who failed together do not come back together.
 *
 * @param failed tries that have failed, 1 or more
 * @throws StoreError `aborted` as soon as the signal fires
 */
export function backOff({ first, most }: Backoff, failed: number, signal?: AbortSignal): Promise<void> {
  return sleep(Math.random() * Math.min(most, first * 2 ** (failed - 1)), signal);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (signal?.aborted === true) reject(storeError('aborted', 'nobody waits for another try'));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
  });
}
