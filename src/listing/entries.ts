import { isReservedKey } from '../digests/piece-index.ts';
import { MAX_KEY_BYTES } from '../store/object-store.ts';
import type { ListEntry, ListPage } from '../store/listable-store.ts';
import type { ListOrder } from './listing-query.ts';

/** One line of a listing. */
export type Entry = FolderEntry | FileEntry;

/** A folder of a listing. */
export interface FolderEntry {
  readonly type: 'folder';
  /** Without the slash at its end. May be empty, for keys with two slashes in a row. */
  readonly name: string;
  /** The address relative to the folder that is listed, without a query. */
  readonly href: string;
}

/** An object of a listing. */
export interface FileEntry {
  readonly type: 'file';
  readonly name: string;
  readonly href: string;
  readonly object: ListEntry;
}

/**
 * Makes the entries of a folder from a page of its store: folders first, then objects.
 *
 * Keys that can't be requested are left out: those with a `.` or `..` segment, which clients remove from addresses, with
 * NUL or half a surrogate pair, and those over 1,024 bytes.
 *
 * @param folder the key of the folder, empty or with a slash at its end
 * @param order the order within the page; names are ordered by their UTF-8 bytes, as the store has them
 */
export function entriesOf(page: ListPage, folder: string, order: ListOrder): readonly Entry[] {
  const folders = page.prefixes
    .filter((key) => isServable(key))
    .map((key): FolderEntry => {
      const name = key.slice(folder.length, -1);
      return { type: 'folder', name, href: `./${encodeName(name)}/` };
    });
  const files = page.objects
    .filter(({ key }) => key.length > folder.length && isServable(key))
    .map((object): FileEntry => {
      const name = object.key.slice(folder.length);
      return { type: 'file', name, href: `./${encodeName(name)}`, object };
    });
  const sorted = sortFiles(files, order);
  // Folders have neither a size nor a date, so these orders leave them in the order of their names.
  const isReversed = order.sort === 'name' && order.isDescending;
  return [...(isReversed ? folders.toReversed() : folders), ...sorted];
}

/** Encodes a name for an address. An apostrophe would become a character reference in HTML, which lftp does not know. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll("'", '%27');
}

function sortFiles(files: readonly FileEntry[], { sort, isDescending }: ListOrder): readonly FileEntry[] {
  const sorted = sort === 'name' ? files : files.toSorted((a, b) => valueOf(a, sort) - valueOf(b, sort));
  return isDescending ? sorted.toReversed() : sorted;
}

function valueOf({ object: { size, lastModified } }: FileEntry, sort: 'size' | 'date'): number {
  return sort === 'size' ? size : (lastModified?.getTime() ?? 0);
}

/** Returns whether a client can request a key, and it is not the gateway's own. */
export function isServable(key: string): boolean {
  if (isReservedKey(key) || key.includes('\0') || /\p{Surrogate}/u.test(key)) return false;
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(key)) return false;
  return key.length * 3 <= MAX_KEY_BYTES || new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}
