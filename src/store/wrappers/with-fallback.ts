import { steadyTime } from '../../base/clock.ts';
import type { ObjectStore } from '../object-store.ts';
import { withListOf } from '../listable-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { isTransient, isStoreError } from '../store-error.ts';

/** Options of {@link withFallback}. */
export interface FallbackOptions {
  /** Time after a failure of the primary during which the replica is used first, in ms. By default 5 seconds. */
  readonly pause?: number | undefined;
}

/**
 * Reads from a replica if the primary is unavailable. Pinned reads stay pinned: a response that has begun is continued
 * from the replica only if the replica has the same version.
 *
 * A 404 from the replica is not final, because replication may lag: then the primary's result or error counts. If the
 * primary reports an object as archived, the replica is not used, because it may have an older version.
 *
 * @param primary its error is thrown if the replica has no result either
 * @param replica must keep the entity tags of the primary, or broken bodies can't be continued from it
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { withFallback } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const primary = s3Store(new S3Client({ region: 'eu-west-1' }), { bucket: 'releases' });
 * const replica = s3Store(new S3Client({ region: 'us-east-1' }), { bucket: 'releases-replica' });
 * export const store = withFallback(primary, replica, { pause: 10_000 });
 */
export function withFallback(primary: ObjectStore, replica: ObjectStore, options: FallbackOptions = {}): ObjectStore {
  const { pause = 5_000 } = options;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  async function callEither<Result>(
    call: (store: ObjectStore) => Promise<Result>,
    isMissing: (result: Result) => boolean,
  ): Promise<Result> {
    if (steadyTime() < pausedUntil) return (await callReplica(call, isMissing)) ?? call(primary);
    try {
      return await call(primary);
    } catch (error) {
      if (!isTransient(error)) throw error;
      pausedUntil = steadyTime() + pause;
      const result = await callReplica(call, isMissing);
      if (result === undefined) throw error;
      return result;
    }
  }

  /** Calls the replica; `undefined` if it lacks the object or fails. */
  async function callReplica<Result>(
    call: (store: ObjectStore) => Promise<Result>,
    isMissing: (result: Result) => boolean,
  ): Promise<Result | undefined> {
    try {
      const result = await call(replica);
      return isMissing(result) ? undefined : result;
    } catch (error) {
      if (isStoreError(error) && error.code === 'aborted') throw error;
      return undefined;
    }
  }

  const either: ObjectStore = {
    head: (key, callOptions) =>
      callEither(
        (store) => store.head(key, callOptions),
        (representation) => representation === undefined,
      ),
    read: (key, callOptions) =>
      callEither(
        // The name of a version is valid in the primary alone.
        (store) => store.read(key, store === primary ? callOptions : { ...callOptions, version: undefined }),
        ({ type }) => type === 'missing',
      ),
  };
  // The cursor of a listing is valid in the primary alone.
  return withRetryBudget(withListOf(primary, either), retryBudgetOf(primary));
}
