import type { ObjectStore } from '../object-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';

/** The objects of a store whose keys begin so, by what their keys go on with. */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  const prefixed: ObjectStore = {
    head: (key, options) => store.head(prefix + key, options),
    read: (key, options) => store.read(prefix + key, options),
  };
  return withRetryBudget(prefixed, retryBudgetOf(store));
}
