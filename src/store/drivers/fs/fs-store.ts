import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode } from '../../../base/error-code.ts';
import { spanLength, withCharset, type EntityTag, type Representation, type Span } from '../../../http/index.ts';
import type { ListableStore } from '../../listable-store.ts';
import type { ReadOptions, ReadResult } from '../../object-store.ts';
import { countOperation } from '../../request-stats.ts';
import { evaluateRead } from '../../evaluate-read.ts';
import { isStoreError, storeError, type StoreError } from '../../store-error.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import mime from 'mime';
import { listFolder, probeFolder, type FileRules } from './list-folder.ts';

/** Options of {@link fsStore}. */
export interface FsStoreOptions {
  /**
   * Whether hidden files are served: those whose path in the folder has a name that begins with a dot. By default
   * `false`.
   */
  readonly hidden?: boolean | undefined;
  /**
   * Whether the chunks of a body share one buffer: a chunk is valid until the next one is read. It keeps a program flat
   * that reads much and keeps nothing, such as `rangeway index`. A gateway must not set it. By default `false`.
   */
  readonly reuseMemory?: boolean | undefined;
}

/**
 * Makes a store over the files below a folder. Keys are paths relative to it, with `/` between segments.
 *
 * Names that begin with a dot, such as `.env` and `.git`, are missing, except `.well-known` at the top. Symbolic links
 * to such names are missing too ({@link isHidden}). No key leads out of the folder: a key with a segment such as `..`
 * is missing, and links are followed only to files inside. Entity tags are strong, but valid only for this folder on
 * this machine: a copy of a file has another tag.
 *
 * @param folder is resolved at each call, so it may be a link that changes
 * @example
 * import { createGateway, fsStore, serve } from 'rangeway/node';
 *
 * await serve(createGateway({ store: fsStore('/srv/files') }), { port: 8080 });
 */
export function fsStore(folder: string, { hidden = false, reuseMemory = false }: FsStoreOptions = {}): ListableStore {
  const rules: FileRules = { isHidden: (path) => !hidden && isHidden(path, sep), toEtag, isMissing, toStoreError };
  return {
    isLocal: true,
    async head(key, options = {}) {
      countOperation(options);
      const file = await openFile(folder, key, hidden);
      await file?.handle.close();
      return file?.representation;
    },
    async read(key, options = {}) {
      countOperation(options);
      const file = await openFile(folder, key, hidden);
      return file === undefined ? { type: 'missing' } : readFile(file, options, reuseMemory);
    },
    probe: () => probeFolder(folder),
    list: (prefix, options = {}) => listFolder(folder, prefix, options, rules),
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly representation: Representation;
  readonly stat: BigIntStats;
}

async function openFile(folder: string, key: string, hidden: boolean): Promise<OpenFile | undefined> {
  // Piece indexes are read by the gateway, which serves no such key itself.
  const mayBeHidden = hidden || INDEX_KEY.test(key);
  if (!isSafeKey(key) || (!mayBeHidden && isHidden(key))) return undefined;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, key));
    const base = root.endsWith(sep) ? root : root + sep;
    if (!path.startsWith(base)) return undefined;
    // A link, or on Windows a short name, may lead to a hidden file.
    if (!mayBeHidden && isHidden(path.slice(base.length), sep)) return undefined;
    // O_NOFOLLOW: a link may have replaced the file meanwhile. O_NONBLOCK: opening a named pipe would wait for its
    // writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return await describe(handle, key);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStoreError(error);
  }
}

/** The key of a piece index (docs/piece-index.md), below whatever prefix. */
const INDEX_KEY = /(?:^|\/)\.rangeway\/pieces\/[\w-]{43}$/;

/**
 * Ensures that a file has one key only: no empty, `.` or `..` segment, and on Windows no character that separates paths
 * there.
 */
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

async function readFile(
  { handle, representation, stat }: OpenFile,
  options: ReadOptions,
  reuseMemory: boolean,
): Promise<ReadResult> {
  const evaluation = evaluateRead(representation, options);
  if (evaluation.type !== 'span') {
    await handle.close();
    return evaluation;
  }
  return {
    type: 'open',
    representation,
    span: evaluation.span,
    body: fileBody(handle, evaluation.span, stat, reuseMemory),
  };
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

/**
 * Returns whether a path below a folder is hidden: one of its segments begins with a dot, as in `.env` and
 * `.git/config`. The folder `.well-known` (RFC 8615) at the top is not hidden, but hidden files below it are.
 *
 * @param path relative to the folder
 * @param separator between its segments
 */
export function isHidden(path: string, separator = '/'): boolean {
  return path.split(separator).some((name, i) => name.startsWith('.') && !(i === 0 && name === '.well-known'));
}

/**
 * File systems set the times of a change to the kernel's last tick. Ticks are up to 10 ms apart (CONFIG_HZ 100), and
 * two changes within one tick get the same time. So a time identifies a version only after its tick is over.
 */
const TICK_MS = 20;

/** Some file systems (FAT, HFS+, old NFS) store whole seconds. Their times in ns end in nine zeros. */
const COARSE_MS = 2_000;

/** After this many waits, the file is taken to be written continuously. */
const MAX_WAITS = 3;

/** Makes the tag of a listed file. Nothing waits for the tick of a change, so a file that has just changed has a weak one. */
function toEtag(stat: BigIntStats): EntityTag {
  return { weak: msUntilSettled(stat, Date.now()) > 0, opaque: fileTag(stat) };
}

/**
 * Reads the state of a file. If the file has just been changed, first waits until the tick of that change is over. If the
 * result is `settled`, any later change of the bytes also changes the state.
 */
async function settledStat(handle: FileHandle): Promise<{ readonly stat: BigIntStats; readonly settled: boolean }> {
  for (let waits = 0; ; waits++) {
    const stat = await handle.stat({ bigint: true });
    const remaining = msUntilSettled(stat, Date.now());
    if (remaining <= 0) return { stat, settled: true };
    if (waits === MAX_WAITS) return { stat, settled: false };
    await sleep(remaining);
  }
}

/** Returns the ms until a change can no longer get the same time. A time in the future counts as the current time. */
function msUntilSettled(stat: BigIntStats, now: number): number {
  const granularity = stat.ctimeNs % SECOND_NS === 0n ? COARSE_MS : TICK_MS;
  const age = Math.max(0, now - Number(stat.ctimeMs));
  return granularity - age;
}

/**
 * Makes a strong entity tag for the bytes of a file (§8.8.1). The kernel sets the change time, and programs can't set
 * it back as they can the modification time. The inode number identifies a file that replaced another.
 */
function fileTag(stat: BigIntStats): string {
  return [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].map((number) => number.toString(36)).join('-');
}

/**
 * Returns whether the modification time is the time of the last change, and so a strong validator (§8.8.2.2). Programs
 * such as `touch`, `rsync -t` and `tar` can set it back, so that two versions have the same one. Then the change time
 * is later, because programs can't set it.
 */
export function isDateStrong({ ctimeNs, mtimeNs }: BigIntStats): boolean {
  return ctimeNs / SECOND_NS <= mtimeNs / SECOND_NS;
}

const SECOND_NS = 1_000_000_000n;

/**
 * Length of one read of the file in bytes. A longer one was not measurably faster; each shorter one costs a task of the
 * thread pool.
 */
const CHUNK = 256 * 1024;

/**
 * Makes a stream of the bytes of an open file. It reads on demand, and closes the file at its end.
 *
 * The last chunk is returned only after a check that the file is unchanged. Otherwise a file that is overwritten during
 * the read would end as a mixture of two versions that looks complete.
 */
function fileBody(
  handle: FileHandle,
  span: Span,
  opened: BigIntStats,
  reuseMemory: boolean,
): ReadableStream<Uint8Array> {
  let offset = span.start;
  const shared = reuseMemory ? new Uint8Array(Math.min(CHUNK, spanLength(span))) : undefined;
  // If a client disconnects while the last chunk is read, the file is closed twice.
  const close = () => handle.close().catch(() => undefined);
  return new ReadableStream(
    {
      async start(controller) {
        if (spanLength(span) > 0) return;
        await close();
        controller.close();
      },
      async pull(controller) {
        try {
          const chunk = await readChunk(handle, offset, Math.min(span.end, offset + CHUNK), shared);
          offset += chunk.length;
          if (offset < span.end) return controller.enqueue(chunk);
          assertUnchanged(opened, await handle.stat({ bigint: true }));
          controller.enqueue(chunk);
          controller.close();
          await close();
        } catch (error) {
          await close();
          throw error;
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

async function readChunk(
  handle: FileHandle,
  start: number,
  end: number,
  buffer = new Uint8Array(end - start),
): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(buffer, 0, end - start, start).catch((error: unknown) => {
    throw storeError('unavailable', 'a file could not be read on', error);
  });
  if (bytesRead === 0) throw storeError('version-changed', 'a file became shorter while it was read');
  return buffer.subarray(0, bytesRead);
}

/**
 * Throws if the bytes of a file may have changed since it was opened.
 *
 * If another file was renamed over this one, its number of links is 0 and its change time is new, but its bytes are the
 * same, and only programs that have it open can still write to it. Any other new change time may be a change of the
 * bytes with a modification time that was set back, even if the number of links changed too.
 */
function assertUnchanged(opened: BigIntStats, now: BigIntStats): void {
  const sameBytes = now.size === opened.size && now.mtimeNs === opened.mtimeNs;
  if (fileTag(now) === fileTag(opened) || (sameBytes && now.nlink === 0n)) return;
  throw storeError('version-changed', 'a file changed while it was read');
}

/** Returns the Content-Type for a file name, by its extension; text types have `charset=utf-8`. */
export function mediaType(name: string): string {
  // Without a slash, `mime` takes a name without a dot for an extension.
  return withCharset(mime.getType(`/${name}`) ?? 'application/octet-stream');
}
