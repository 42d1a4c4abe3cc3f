import type { ObjectStore } from '../object-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';

/**
 * Returns a store of the objects whose keys begin with a prefix. Its keys are without that prefix.
 *
 * @param prefix is put before each key as it is; no `/` is added
 */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  const prefixed: ObjectStore = {
    head: (key, options) => store.head(prefix + key, options),
    read: (key, options) => store.read(prefix + key, options),
  };
  return withRetryBudget(prefixed, retryBudgetOf(store));
}
