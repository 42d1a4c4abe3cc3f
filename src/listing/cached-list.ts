import { steadyTime } from '../base/clock.ts';
import { lruMap } from '../base/lru-map.ts';
import type { ListableStore, ListPage } from '../store/listable-store.ts';

/** Pages at most. A page of 1,000 entries takes about 300 KB. */
const CAPACITY = 50;

/** The function of a store that lists its keys, through a cache of pages. */
export interface CachedList {
  readonly list: ListableStore['list'];
  /** Removes all pages. The result of a listing in progress is not stored. */
  purge(): void;
}

/**
 * Caches the pages of a store, so that the visitors of a folder share one storage operation.
 *
 * @param list lists the keys of the storage
 * @param ttl how long a page is fresh, in ms
 * @param isShared whether requests wait for a listing of another one. On Workers it has to be false: a promise belongs
 *   to its request
 */
export function cachedList(list: ListableStore['list'], ttl: number, isShared: boolean): CachedList {
  const pages = lruMap<{ readonly page: ListPage; readonly storedAt: number }>(CAPACITY);
  const inFlight = new Map<string, Promise<ListPage>>();

  async function fetchPage(name: string, ...[prefix, options]: Parameters<ListableStore['list']>): Promise<ListPage> {
    const storedAt = steadyTime();
    // The signal of one visitor must not end the listing of the others.
    const result = list(prefix, isShared ? { ...options, signal: undefined } : options);
    inFlight.set(name, result);
    try {
      const page = await result;
      if (inFlight.get(name) === result) pages.set(name, { page, storedAt });
      return page;
    } finally {
      if (inFlight.get(name) === result) inFlight.delete(name);
    }
  }

  return {
    list: async (prefix, options = {}) => {
      const name = JSON.stringify([prefix, options.delimiter, options.cursor, options.limit]);
      const cached = pages.get(name);
      if (cached !== undefined && steadyTime() - cached.storedAt < ttl) return cached.page;
      const other = isShared ? inFlight.get(name) : undefined;
      return other ?? fetchPage(name, prefix, options);
    },
    purge() {
      pages.clear();
      inFlight.clear();
    },
  };
}
