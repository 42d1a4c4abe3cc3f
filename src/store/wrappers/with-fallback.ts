import { steadyTime } from '../../base/clock.ts';
import type { ObjectStore } from '../object-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { isTransient, isStoreError } from '../store-error.ts';

/** When a replica is asked. */
export interface FallbackOptions {
  /** After the first store failed, the replica is asked at once for so long, in ms. By default 5 seconds. */
  readonly pause?: number | undefined;
}

/**
 * Asks a replica where the first store is unavailable. Reads that are pinned stay pinned, so once bytes have been sent
 * the replica continues them only where it has the very same version.
 *
 * That a replica lacks an object proves nothing, since it follows behind: the first store has to say so. Nor is the
 * replica asked where the first store says that an object is archived: that is an answer, and the replica may have an
 * older version.
 */
export function withFallback(first: ObjectStore, replica: ObjectStore, options: FallbackOptions = {}): ObjectStore {
  const { pause = 5_000 } = options;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  async function ask<Answer>(
    askOf: (store: ObjectStore) => Promise<Answer>,
    isMissing: (answer: Answer) => boolean,
  ): Promise<Answer> {
    if (steadyTime() < pausedUntil) return (await askReplica(askOf, isMissing)) ?? askOf(first);
    try {
      return await askOf(first);
    } catch (error) {
      if (!isTransient(error)) throw error;
      pausedUntil = steadyTime() + pause;
      const answer = await askReplica(askOf, isMissing);
      if (answer === undefined) throw error;
      return answer;
    }
  }

  /** @returns `undefined` where it has nothing to say */
  async function askReplica<Answer>(
    askOf: (store: ObjectStore) => Promise<Answer>,
    isMissing: (answer: Answer) => boolean,
  ): Promise<Answer | undefined> {
    try {
      const answer = await askOf(replica);
      return isMissing(answer) ? undefined : answer;
    } catch (error) {
      if (isStoreError(error) && error.code === 'aborted') throw error;
      return undefined;
    }
  }

  const either: ObjectStore = {
    head: (key, asked) =>
      ask(
        (store) => store.head(key, asked),
        (answer) => answer === undefined,
      ),
    read: (key, asked) =>
      ask(
        // Versions are named by each storage for itself.
        (store) => store.read(key, store === first ? asked : { ...asked, version: undefined }),
        ({ type }) => type === 'missing',
      ),
  };
  return withRetryBudget(either, retryBudgetOf(first));
}
