import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode } from '../../../base/error-code.ts';
import { spanLength, type Representation, type Span } from '../../../http/index.ts';
import type { ObjectStore, ReadOptions, ReadResult } from '../../object-store.ts';
import { countOperation } from '../../request-stats.ts';
import { evaluateRead } from '../../evaluate-read.ts';
import { isStoreError, storeError, type StoreError } from '../../store-error.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import mime from 'mime';

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
  const evaluation = evaluateRead(representation, options);
  if (evaluation.type !== 'span') {
    await handle.close();
    return evaluation;
  }
  return { type: 'open', representation, span: evaluation.span, body: fileBody(handle, evaluation.span, stat) };
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
 * Whether a path below a folder names something hidden: one of its segments begins with a dot, as `.env` and
 * `.git/config` do. The folder `.well-known` (RFC 8615) at the top is not hidden; what is hidden below it is.
 *
 * @param path with `/` between segments, or what else separates them on this platform
 */
export function isHidden(path: string, separator = '/'): boolean {
  return path.split(separator).some((name, i) => name.startsWith('.') && !(i === 0 && name === '.well-known'));
}

/**
 * File systems stamp a change with the time of the kernel's last tick, 10 ms apart at the most (CONFIG_HZ 100). Two
 * changes within one tick get one stamp, so a stamp says nothing until its tick is over.
 */
const TICK_MS = 20;

/** Some (FAT, HFS+, old NFS) keep whole seconds; their stamps end in nine zeros. */
const COARSE_MS = 2_000;

/** More waits than this, and somebody is writing all the time. */
const MAX_WAITS = 3;

/** A file's state, and whether any later change of its bytes is sure to show in it. */
interface SettledStat {
  readonly stat: BigIntStats;
  readonly settled: boolean;
}

/** Reads a file's state, and waits until the last change's tick is over: at once but for files changed just now. */
async function settledStat(handle: FileHandle): Promise<SettledStat> {
  for (let waits = 0; ; waits++) {
    const stat = await handle.stat({ bigint: true });
    const wait = unsettledFor(stat, Date.now());
    if (wait <= 0) return { stat, settled: true };
    if (waits === MAX_WAITS) return { stat, settled: false };
    await sleep(wait);
  }
}

/** Milliseconds until a change can't get the same stamp any more. A stamp in the future counts as one of now. */
function unsettledFor(stat: BigIntStats, now: number): number {
  const granularity = stat.ctimeNs % SECOND_NS === 0n ? COARSE_MS : TICK_MS;
  const age = Math.max(0, now - Number(stat.ctimeMs));
  return granularity - age;
}

/**
 * A strong tag for a file's bytes (§8.8.1). The change time is the kernel's own and can't be set back as the
 * modification time can; the inode tells a file that was put in the place of another.
 */
function fileTag(stat: BigIntStats): string {
  return [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].map((number) => number.toString(36)).join('-');
}

/**
 * Whether the modification time is the time of the last change (§8.8.2.2). It can be set back, by `touch`, `rsync -t`
 * or `tar`, so that two versions have one; the change time can't be set, and is later then.
 */
export function isDateStrong({ ctimeNs, mtimeNs }: BigIntStats): boolean {
  return ctimeNs / SECOND_NS <= mtimeNs / SECOND_NS;
}

const SECOND_NS = 1_000_000_000n;

/** Bytes a read of the file. Larger gains nothing measurable; smaller costs a turn of the thread pool each. */
const CHUNK = 256 * 1024;

/**
 * The bytes of an open file, read on demand; closes the file when it ends.
 *
 * The last chunk is held back until the file is seen to be unchanged: a file overwritten while it is read would
 * otherwise end as a mixture that looks complete.
 */
function fileBody(handle: FileHandle, span: Span, opened: BigIntStats): ReadableStream<Uint8Array> {
  let at = span.start;
  // Closing twice fails, which nobody needs to know: a client may leave while the last chunk is on its way.
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
          const chunk = await readChunk(handle, at, Math.min(span.end, at + CHUNK));
          at += chunk.length;
          if (at < span.end) return controller.enqueue(chunk);
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

async function readChunk(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(end - start);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start).catch((error: unknown) => {
    throw storeError('unavailable', 'a file could not be read on', error);
  });
  if (bytesRead === 0) throw storeError('version-changed', 'a file became shorter while it was read');
  return buffer.subarray(0, bytesRead);
}

/**
 * A file that another was renamed over has lost its last name, which moves its change time but none of its bytes, and
 * from then on only programs that have it open can write to it. Any other change of the change time may be a change of
 * bytes whose modification time was set back, also where the number of links has changed besides.
 */
function assertUnchanged(opened: BigIntStats, now: BigIntStats): void {
  const sameBytes = now.size === opened.size && now.mtimeNs === opened.mtimeNs;
  if (fileTag(now) === fileTag(opened) || (sameBytes && now.nlink === 0n)) return;
  throw storeError('version-changed', 'a file changed while it was read');
}

/** Content-Type by a file name's ending. Text is taken for UTF-8, as nearly all of it is; without it browsers guess. */
export function mediaType(name: string): string {
  const type = mime.getType(name) ?? 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}
