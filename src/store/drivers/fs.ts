import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode } from '../../error-code.ts';
import type { Representation } from '../../http/index.ts';
import type { ObjectStore, ReadOptions, ReadResult } from '../object-store.ts';
import { select } from '../select.ts';
import { isStoreError, storeError, type StoreError } from '../store-error.ts';
import { countOperation } from '../tally.ts';
import { fileBody } from './fs-body.ts';
import { fileTag, isDateStrong, settledStat } from './fs-stat.ts';
import { isHidden } from './hidden.ts';
import { mediaType } from './media-type.ts';

/** What of a folder is served. */
export interface FsStoreOptions {
  /** Whether files count whose path in the folder has a name that begins with a dot. By default they are missing. */
  readonly hidden?: boolean | undefined;
}

/**
 * Makes a store over the files below a folder; keys are paths relative to it, with `/` between segments.
 *
 * Names that begin with a dot, such as `.env` and `.git`, are missing, but for `.well-known` at the top ({@link isHidden}).
 * So is a link to such a name. No key leads out of the folder: segments such as `..` name nothing, and links are followed only to files inside.
 * ETags are strong, but of this folder on this machine: a copy of the file has another one.
 */
export function fsStore(folder: string, { hidden = false }: FsStoreOptions = {}): ObjectStore {
  return {
    async head(key, options = {}) {
      countOperation(options);
      const file = await openFile(folder, key, hidden);
      if (file === undefined) return undefined;
      await file.handle.close();
      return file.representation;
    },
    async read(key, options = {}) {
      countOperation(options);
      const file = await openFile(folder, key, hidden);
      return file === undefined ? { type: 'missing' } : readFile(file, options);
    },
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly representation: Representation;
  readonly stat: BigIntStats;
}

async function openFile(folder: string, key: string, hidden: boolean): Promise<OpenFile | undefined> {
  if (!isSafeKey(key) || (!hidden && isHidden(key))) return undefined;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, key));
    const above = root.endsWith(sep) ? root : root + sep;
    if (!path.startsWith(above)) return undefined;
    // A link, or on Windows a short name, may lead to a hidden file.
    if (!hidden && isHidden(path.slice(above.length), sep)) return undefined;
    // NOFOLLOW: a link put here since. NONBLOCK: opening a named pipe would wait for its writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await describe(handle, key);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStoreError(error);
  }
}

/** One file has one key: no empty, `.` or `..` segment, and on Windows nothing that is a separator there. */
function isSafeKey(key: string): boolean {
  if (key.includes('\0') || (sep === '\\' && /[\\:]/.test(key))) return false;
  return key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

async function describe(handle: FileHandle, key: string): Promise<OpenFile | undefined> {
  try {
    const { stat, settled } = await settledStat(handle);
    if (!stat.isFile()) {
      await handle.close();
      return undefined;
    }
    const representation = {
      size: Number(stat.size),
      etag: { weak: !settled, opaque: fileTag(stat) },
      lastModified: stat.mtime,
      isDateStrong: isDateStrong(stat),
      contentType: mediaType(key),
    };
    return { handle, representation, stat };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFile({ handle, representation, stat }: OpenFile, options: ReadOptions): Promise<ReadResult> {
  const selection = select(representation, options);
  if (selection.type !== 'span') {
    await handle.close();
    return selection;
  }
  return { type: 'open', representation, span: selection.span, body: fileBody(handle, selection.span, stat) };
}

const MISSING = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);
const DENIED = new Set(['EACCES', 'EPERM']);

function isMissing(error: unknown): boolean {
  return MISSING.has(errorCode(error) ?? '');
}

function toStoreError(error: unknown): StoreError {
  if (isStoreError(error)) return error;
  return storeError(DENIED.has(errorCode(error) ?? '') ? 'denied' : 'unavailable', 'a file could not be read', error);
}
