import { isListable, type ListableStore, type ListPage } from '../listable-store.ts';
import type { ObjectStore } from '../object-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';

/**
 * Returns a store of the objects whose keys begin with a prefix. Its keys are without that prefix.
 *
 * @param prefix is put before each key as it is; no `/` is added
 */
export function withPrefix(store: ObjectStore, prefix: string): ObjectStore {
  const prefixed: ObjectStore & { list?: ListableStore['list'] } = {
    head: (key, options) => store.head(prefix + key, options),
    read: (key, options) => store.read(prefix + key, options),
  };
  if (isListable(store))
    prefixed.list = async (start, options) => withoutPrefix(await store.list(prefix + start, options), prefix);
  return withRetryBudget(prefixed, retryBudgetOf(store));
}

function withoutPrefix({ objects, prefixes, cursor }: ListPage, { length }: string): ListPage {
  return {
    objects: objects.map((object) => ({ ...object, key: object.key.slice(length) })),
    prefixes: prefixes.map((name) => name.slice(length)),
    cursor,
  };
}
