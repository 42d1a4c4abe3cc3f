import { type BigIntStats, type Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { EntityTag } from '../../../http/index.ts';
import { countOperation } from '../../request-stats.ts';
import { storeError, type StoreError } from '../../store-error.ts';
import { compareKeys, pageOf, type ListEntry, type ListOptions, type ListPage } from '../../listable-store.ts';

/** The rules of the store for its files. */
export interface FileRules {
  /** Returns whether a path below the folder is hidden, its segments separated as the system does. */
  isHidden(path: string): boolean;
  toEtag(stat: BigIntStats): EntityTag;
  /** Returns whether an error means that there is no such file. */
  isMissing(error: unknown): boolean;
  toStoreError(error: unknown): StoreError;
}

/**
 * Checks that a folder exists. One that has vanished, as a disk that is not mounted, would report each file as missing.
 *
 * @throws StoreError if it does not, or can't be read
 */
export async function probeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    throw storeError('unavailable', 'the folder could not be read', error);
  });
  if (!found.isDirectory()) throw storeError('unavailable', 'the folder has become a file');
}

/**
 * Lists the files below a folder, in the order of their keys. A folder without files is listed as a prefix too, because
 * only a walk through it would show that it is empty.
 *
 * @param folder the root; links are followed only to files and folders inside
 * @throws StoreError if a folder can't be read
 */
export async function listFolder(
  folder: string,
  prefix: string,
  options: ListOptions,
  rules: FileRules,
): Promise<ListPage> {
  countOperation(options);
  try {
    const root = await realpath(folder);
    const base = root.endsWith(sep) ? root : root + sep;
    const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const isFolder = start.split('/').slice(0, -1).every(isName);
    if (!isFolder) return EMPTY;
    const page = await pageOf(walk({ base, prefix, options, rules, trail: [] }, start), options);
    return prefix === start ? { ...page, isFolder: true } : page;
  } catch (error) {
    if (rules.isMissing(error)) return EMPTY;
    throw rules.toStoreError(error);
  }
}

const EMPTY: ListPage = { objects: [], prefixes: [], cursor: undefined };

interface Walk {
  readonly base: string;
  readonly prefix: string;
  readonly options: ListOptions;
  readonly rules: FileRules;
  /** The real paths of the folders that the walk is in. A link to one of them would lead round in a circle. */
  readonly trail: readonly string[];
}

/**
 * Walks through a folder in the order of keys.
 *
 * @param start the key of the folder, empty or with a slash at its end
 * @returns files, and the keys of folders if there is a delimiter
 */
async function* walk(parameters: Walk, start: string): AsyncGenerator<ListEntry | string> {
  const { base, prefix, options, trail, rules } = parameters;
  const path = await realpath(join(base, start));
  if (!isInside(path, base, rules) || trail.includes(path)) return;
  const names = await readdir(path, { withFileTypes: true });
  const entries = await Promise.all(names.map((entry) => resolveEntry(parameters, path, start, entry)));
  const sorted = entries.filter((entry) => entry !== undefined).toSorted((a, b) => compareKeys(a.key, b.key));
  for (const { key, path: file } of sorted) {
    const isFolder = key.endsWith('/');
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) continue;
    if (isFolder && options.delimiter === undefined) {
      if (mayHaveKeysAfter(key, options.cursor)) yield* walkInside({ ...parameters, trail: [...trail, path] }, key);
    } else if (isFolder) yield key;
    else if (options.cursor === undefined || compareKeys(key, options.cursor) > 0) yield* describe(file, key, rules);
  }
}

/** A folder that has gone meanwhile, or that must not be read, does not end the listing of the others. */
async function* walkInside(parameters: Walk, key: string): AsyncGenerator<ListEntry | string> {
  try {
    yield* walk(parameters, key);
  } catch (error) {
    if (!parameters.rules.isMissing(error)) throw error;
  }
}

function mayHaveKeysAfter(folder: string, cursor: string | undefined): boolean {
  return cursor === undefined || cursor.startsWith(folder) || compareKeys(folder, cursor) > 0;
}

interface Entry {
  /** With a slash at its end for a folder. */
  readonly key: string;
  readonly path: string;
}

/** Returns the entry of a name; `undefined` if no key leads to it. */
async function resolveEntry(
  { base, rules }: Walk,
  folder: string,
  start: string,
  entry: Dirent,
): Promise<Entry | undefined> {
  const key = start + entry.name;
  if (!isName(entry.name) || rules.isHidden(key.replaceAll('/', sep))) return undefined;
  const path = join(folder, entry.name);
  if (entry.isFile()) return { key, path };
  if (entry.isDirectory()) return { key: `${key}/`, path };
  if (!entry.isSymbolicLink()) return undefined;
  try {
    const target = await realpath(path);
    if (!isInside(target, base, rules)) return undefined;
    const stats = await stat(target);
    if (stats.isDirectory()) return { key: `${key}/`, path: target };
    return stats.isFile() ? { key, path: target } : undefined;
  } catch (error) {
    if (rules.isMissing(error)) return undefined;
    throw error;
  }
}

async function* describe(path: string, key: string, rules: FileRules): AsyncGenerator<ListEntry> {
  try {
    const stats = await stat(path, { bigint: true });
    if (stats.isFile()) yield { key, size: Number(stats.size), etag: rules.toEtag(stats), lastModified: stats.mtime };
  } catch (error) {
    if (!rules.isMissing(error)) throw error;
  }
}

/** Names that are not valid UTF-8 are read with replacement characters, and no key leads to them. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && !name.includes('\uFFFD');
}

function isInside(path: string, base: string, rules: FileRules): boolean {
  if (path + sep === base) return true;
  return path.startsWith(base) && !rules.isHidden(path.slice(base.length));
}
