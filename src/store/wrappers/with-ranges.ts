import { equalSpans } from '../../http/index.ts';
import type { ObjectStore } from '../object-store.ts';
import { withListOf } from '../listable-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { sliceWhole } from '../slice-whole.ts';

/**
 * Serves ranges from a store that may ignore them and return the whole object (§14.2). The bytes before the range are
 * read and skipped; the body is cancelled after the range.
 *
 * @example
 * import { withRanges, type ObjectStore } from 'rangeway';
 *
 * export function archiveStore(archive: ObjectStore): ObjectStore {
 *   return withRanges(archive);
 * }
 */
export function withRanges(store: ObjectStore): ObjectStore {
  const ranged: ObjectStore = {
    head: (key, options) => store.head(key, options),
    async read(key, options = {}) {
      const result = await store.read(key, options);
      if (options.range === undefined || result.type !== 'open') return result;
      return equalSpans(result.span, { start: 0, end: result.representation.size })
        ? sliceWhole(result, options)
        : result;
    },
  };
  return withRetryBudget(withListOf(store, ranged), retryBudgetOf(store));
}
