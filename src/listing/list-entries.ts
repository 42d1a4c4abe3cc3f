import { MAX_LISTED, type ListableStore, type ListOptions, type ListPage } from '../store/listable-store.ts';

/**
 * Lists more entries than a store returns at once. It takes one storage operation for each 1,000 entries of the limit at
 * the most, and as many as the folder has pages.
 *
 * @param options as those of the store, but with any limit
 * @returns one page of all entries, in the order of the store
 * @throws StoreError
 */
export async function listEntries(
  list: ListableStore['list'],
  prefix: string,
  { limit = MAX_LISTED, ...options }: ListOptions,
): Promise<ListPage> {
  const first = await list(prefix, { ...options, limit: Math.min(limit, MAX_LISTED) });
  if (first.cursor === undefined || limit <= MAX_LISTED) return first;
  const objects = [...first.objects];
  const prefixes = [...first.prefixes];
  let cursor: string | undefined = first.cursor;
  // A page may have fewer entries than its limit, even none, so the operations are bounded too.
  for (let left = Math.ceil(limit / MAX_LISTED) - 1; left > 0 && cursor !== undefined; left--) {
    const room = Math.min(limit - objects.length - prefixes.length, MAX_LISTED);
    const page: ListPage = await list(prefix, { ...options, cursor, limit: room });
    objects.push(...page.objects);
    prefixes.push(...page.prefixes);
    cursor = page.cursor;
  }
  return { ...first, objects, prefixes, cursor };
}
