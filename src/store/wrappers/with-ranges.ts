import { sameSpan } from '../../http/index.ts';
import type { ObjectStore } from '../object-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { sliceWhole } from '../slice-whole.ts';

/** Gives ranges of a store that may ignore them and give the whole: {@link sliceWhole}. */
export function withRanges(store: ObjectStore): ObjectStore {
  const ranged: ObjectStore = {
    head: (key, options) => store.head(key, options),
    async read(key, options = {}) {
      const result = await store.read(key, options);
      if (options.range === undefined || result.type !== 'open') return result;
      return sameSpan(result.span, { start: 0, end: result.representation.size })
        ? sliceWhole(result, options)
        : result;
    },
  };
  return withRetryBudget(ranged, retryBudgetOf(store));
}
