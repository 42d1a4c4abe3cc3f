import type { Digests, EntityTag } from '../http/index.ts';
import type { CallOptions, ObjectStore } from './object-store.ts';

/** The most entries of a page: the limit of S3 and of R2. */
export const MAX_LISTED = 1_000;

/** Options of a listing. */
export interface ListOptions extends CallOptions {
  /**
   * With `/`, keys that have a slash after the prefix are not listed themselves; the part up to that slash is listed
   * once, as a prefix. So the keys of one folder are listed, and its folders. By default all keys are.
   */
  readonly delimiter?: '/' | undefined;
  /** The `cursor` of the page before. By default the first page. */
  readonly cursor?: string | undefined;
  /** Objects and prefixes at most, 1 to 1,000. By default 1,000. */
  readonly limit?: number | undefined;
}

/** The metadata of an object that a listing has. */
export interface ListEntry {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** The same tag as that of a read. */
  readonly etag: EntityTag | undefined;
  readonly lastModified: Date | undefined;
  /** Absent if the storage lists none: those of R2's uploads that named one, and of the store in memory. */
  readonly digests?: Digests | undefined;
}

/** A page of a listing, in the order of the UTF-8 bytes of keys and prefixes. */
export interface ListPage {
  readonly objects: readonly ListEntry[];
  /** Each ends with the delimiter. */
  readonly prefixes: readonly string[];
  /** Opaque, for the next page; `undefined` if this is the last one. A page that has a next one may be empty. */
  readonly cursor: string | undefined;
  /** Whether the prefix is a folder although it may have no entries; absent if the storage has no folders. */
  readonly isFolder?: boolean | undefined;
}

/** A store that can list its keys. */
export interface ListableStore extends ObjectStore {
  /**
   * Lists the objects whose keys begin with a prefix. A page is one storage operation.
   *
   * @throws StoreError
   */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
}

/** Returns whether a store can list its keys. */
export function isListable(store: ObjectStore): store is ListableStore {
  return 'list' in store && typeof store.list === 'function';
}

/**
 * Gives a wrapper the listings of the store that it wraps, unchanged.
 *
 * @returns the wrapper
 */
export function withListOf<Wrapper extends ObjectStore>(store: ObjectStore, wrapper: Wrapper): Wrapper {
  if (!isListable(store)) return wrapper;
  const list: ListableStore['list'] = (prefix, options) => store.list(prefix, options);
  return Object.assign(wrapper, { list });
}

/**
 * Compares two keys by their UTF-8 bytes, as S3 and R2 order them. JavaScript compares UTF-16 units, which puts
 * characters beyond U+FFFF before those from U+E000 on.
 *
 * @returns a negative number if `a` comes first, 0 if they are equal
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Puts surrogates, which stand for characters beyond U+FFFF, after all other units. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * Makes a page of entries that are all in memory, for stores without pages of their own. The cursor is the last entry.
 *
 * @param entries in order, those before the page included; it is read no further than one entry after the page
 */
export async function pageOf(
  entries: Iterable<ListEntry | string> | AsyncIterable<ListEntry | string>,
  { cursor, limit = MAX_LISTED }: ListOptions,
): Promise<ListPage> {
  const objects: ListEntry[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for await (const entry of entries) {
    const name = typeof entry === 'string' ? entry : entry.key;
    if (cursor !== undefined && compareKeys(name, cursor) <= 0) continue;
    if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
    if (typeof entry === 'string') prefixes.push(entry);
    else objects.push(entry);
    last = name;
  }
  return { objects, prefixes, cursor: undefined };
}
