import { backOff, type Backoff } from './backoff.ts';
import type { CallOptions, ObjectStore } from '../object-store.ts';
import { retryBudget, withRetryBudget } from './retry-budget.ts';
import { isTransient } from '../store-error.ts';

/** How often a storage that fails is asked again. */
export interface RetryOptions {
  /** Tries of one call, the first included. By default 3. */
  readonly tries?: number | undefined;
  /** By default up to 100 ms before the second try, up to 2 seconds before any. */
  readonly backoff?: Backoff | undefined;
  /**
   * Tries again that all calls together have at hand, reads behind broken bodies (`withResume`) among them; ten calls
   * that succeed earn one back. A storage that is down gets no more than its usual load when they are spent. By
   * default 50.
   */
  readonly budget?: number | undefined;
}

/** Of a request, by one that succeeds: a storage that is down is asked a tenth more than usual. */
const EARNED = 0.1;

/**
 * Asks again where a storage is unavailable or throttles, before there is an answer.
 */
export function withRetry(store: ObjectStore, options: RetryOptions = {}): ObjectStore {
  const { tries = 3, backoff = { first: 100, most: 2_000 } } = options;
  const budget = retryBudget(options.budget);

  async function persist<Answer>(call: () => Promise<Answer>, { signal }: CallOptions): Promise<Answer> {
    for (let failed = 1; ; failed++) {
      try {
        const answer = await call();
        budget.earn(EARNED);
        return answer;
      } catch (error) {
        if (!isTransient(error) || failed >= tries || !budget.take()) throw error;
        await backOff(backoff, failed, signal);
      }
    }
  }

  const retrying: ObjectStore = {
    head: (key, asked = {}) => persist(() => store.head(key, asked), asked),
    read: (key, asked = {}) => persist(() => store.read(key, asked), asked),
  };
  return withRetryBudget(retrying, budget);
}
