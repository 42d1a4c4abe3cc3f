import { backOff, type Backoff } from './backoff.ts';
import type { CallOptions, ObjectStore } from '../object-store.ts';
import { isListable, type ListableStore } from '../listable-store.ts';
import { retryBudget, withRetryBudget } from './retry-budget.ts';
import { isTransient } from '../store-error.ts';

/** Limits of {@link withRetry}. */
export interface RetryOptions {
  /** Tries of one call, the first one included. By default 3. */
  readonly tries?: number | undefined;
  /** Pauses before retries. By default up to 100 ms before the first retry, and at most 2 seconds. */
  readonly backoff?: Backoff | undefined;
  /**
   * Retries of all calls together, including reads that continue broken bodies (`withResume`). Ten calls that succeed
   * add one. If the budget is spent, a storage that is down gets no more than its usual load. By default 50.
   */
  readonly budget?: number | undefined;
}

/**
 * Requests that each successful call adds to the budget: a storage that fails gets a tenth more than its usual load.
 */
const BUDGET_PER_CALL = 0.1;

/**
 * Retries calls that fail because the storage is unavailable or throttles. Bodies that break off later are not retried:
 * that is the work of `withResume`.
 *
 * @returns a store that throws the error of the last try, or StoreError `aborted` if the signal fires during a pause
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { withRetry } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const bucket = s3Store(new S3Client({ region: 'eu-west-1' }), { bucket: 'releases' });
 * export const store = withRetry(bucket, { tries: 5, backoff: { first: 200, most: 5_000 } });
 */
export function withRetry(store: ObjectStore, options: RetryOptions = {}): ObjectStore {
  const { tries = 3, backoff = { first: 100, most: 2_000 } } = options;
  const budget = retryBudget(options.budget);

  async function retry<Result>(call: () => Promise<Result>, { signal }: CallOptions): Promise<Result> {
    for (let failed = 1; ; failed++) {
      try {
        const result = await call();
        budget.earn(BUDGET_PER_CALL);
        return result;
      } catch (error) {
        if (!isTransient(error) || failed >= tries || !budget.take()) throw error;
        await backOff(backoff, failed, signal);
      }
    }
  }

  const { probe } = store;
  const retrying: ObjectStore & { list?: ListableStore['list'] } = {
    probe: probe === undefined ? undefined : (callOptions = {}) => retry(() => probe(callOptions), callOptions),
    head: (key, callOptions = {}) => retry(() => store.head(key, callOptions), callOptions),
    read: (key, callOptions = {}) => retry(() => store.read(key, callOptions), callOptions),
  };
  if (isListable(store))
    retrying.list = (prefix, callOptions = {}) => retry(() => store.list(prefix, callOptions), callOptions);
  return withRetryBudget(retrying, budget);
}
