import { write, type Stats } from 'node:fs';
import { link, lstat, open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { downloadError } from '../download-error.ts';
import type { Journal } from '../journal.ts';
import type { DownloadTarget } from '../restore.ts';
import type { Sink } from '../sink.ts';
import { fileDigest, type FileDigest } from './node-digest.ts';
import { takeLock } from './node-lock.ts';

/** How a file is written. */
export interface FileOptions {
  /** Whether a file of this name is replaced, when all bytes are there. By default the download fails. */
  readonly force?: boolean;
}

/** A file, and the journal beside it. */
export interface FileTarget extends DownloadTarget {
  readonly journal: Journal;
}

/**
 * Writes a download to a file, on Node. Until it is complete, the bytes are in `FILE.part`, and the state is in
 * `FILE.rangeway`, so that another run continues. `FILE.rangeway.lock` keeps a second process off.
 *
 * @param path of the file; its folder has to exist
 */
export function fileTarget(path: string, { force = false }: FileOptions = {}): FileTarget {
  const journal = fileJournal(`${path}.rangeway`);
  return { sink: fileSink(path, () => force || journal.hasText()), journal };
}

/**
 * Whether an earlier run has put the file into its place, and was killed before it removed the other name of it. Then
 * that is removed now.
 */
export async function isFinished(path: string): Promise<boolean> {
  const [file, part, journal] = await Promise.all([path, `${path}.part`, `${path}.rangeway`].map(statOf));
  const isOne = file !== undefined && isSameFile(file, part);
  if (!isOne || journal !== undefined) return false;
  await rm(`${path}.part`, { force: true });
  return true;
}

function isSameFile(a: Stats, b: Stats | undefined): boolean {
  return a.ino === b?.ino && a.dev === b.dev;
}

function fileSink(path: string, mayReplace: () => boolean): Sink {
  const part = `${path}.part`;
  let handle: FileHandle | undefined;
  let digest: FileDigest | undefined;
  let isInPlace = false;
  const writes = new Set<Promise<void>>();

  function opened(): FileHandle {
    if (handle === undefined) throw new Error(`${part} is not open`);
    return handle;
  }

  return {
    isSequential: false,
    async open() {
      const [file, earlier] = await Promise.all([statOf(path), statOf(part)]);
      if (file?.isDirectory() === true) throw conflict(`${path} is a folder`);
      // A crash after the file was put into its place leaves both names for it.
      const isOwn = file !== undefined && isSameFile(file, earlier);
      if (file !== undefined && !isOwn && !mayReplace()) throw conflict(`${path} exists; --force replaces it`);
      if (earlier !== undefined && !earlier.isFile()) throw conflict(`${part} is no file`);
      handle = await open(part, earlier === undefined ? 'wx+' : 'r+');
      digest = fileDigest(handle);
      return (await handle.stat()).size;
    },
    write(position, bytes) {
      digest?.noteWrite(position);
      const writing = writeAll(opened().fd, position, bytes).finally(() => writes.delete(writing));
      writes.add(writing);
      return writing;
    },
    sync: () => opened().datasync(),
    async empty() {
      await digest?.stop();
      await opened().truncate(0);
    },
    prepareDigest: (algorithm, end) => digest?.prepare(algorithm, end),
    digest: (algorithm, size, signal) => (digest ?? fileDigest(opened())).of(algorithm, size, signal),
    read: (start, end) => readAll(opened(), start, end),
    async finish(size) {
      const { size: length } = await opened().stat();
      if (length !== size)
        throw new Error(`${part} has ${length} bytes, and not ${size}: another program has changed it`);
      await opened().sync();
      await putInPlace(part, path, mayReplace());
      await syncFolder(path);
      isInPlace = true;
    },
    async close() {
      await digest?.stop();
      // The handle does not know of them, and the system would give its number to another file.
      await Promise.allSettled(writes);
      await handle?.close().catch(() => undefined);
      if (isInPlace) await rm(part, { force: true }).catch(() => undefined);
    },
  };
}

/**
 * Gives a complete file its name. By a link, which fails if there is a file of that name, and which leaves the part until
 * the journal is removed.
 */
async function putInPlace(part: string, path: string, mayReplace: boolean): Promise<void> {
  try {
    return await link(part, path);
  } catch (error) {
    const [file, own] = await Promise.all([statOf(path), statOf(part)]);
    if (file !== undefined && isSameFile(file, own)) return;
    if (file !== undefined && !mayReplace) throw conflict(`${path} exists now; --force replaces it`);
    // The file system has no links, or the file is to be replaced.
    if (errorCode(error) === 'ENOENT') throw error;
  }
  await rename(part, path);
}

async function writeAll(fd: number, position: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await writeAt(fd, position + done, bytes.subarray(done));
}

/** Node's promises of a file took a fifth of the user's CPU time of a download. */
function writeAt(fd: number, position: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

async function readAll(handle: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error('the file is shorter than it was: another program has changed it');
    done += bytesRead;
  }
  return bytes;
}

interface FileJournal extends Journal {
  /** Whether there was a text when it was opened. */
  hasText(): boolean;
}

/** More is no journal. */
const MAX_JOURNAL = 4 * 1024 * 1024;

function fileJournal(path: string): FileJournal {
  let release: (() => Promise<void>) | undefined;
  let text: string | undefined;
  return {
    hasText: () => text !== undefined,
    async open() {
      const stat = await statOf(path);
      if (stat !== undefined && (!stat.isFile() || stat.size > MAX_JOURNAL)) {
        throw conflict(`${path} is no journal of rangeway: remove it to start anew`);
      }
      release = await takeLock(`${path}.lock`);
      text = await readText(path);
      return text;
    },
    async save(next) {
      const temporary = `${path}.new`;
      const handle = await open(temporary, 'w');
      try {
        await writeFile(handle, next);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      await syncFolder(path);
    },
    async remove() {
      await rm(path, { force: true });
      await syncFolder(path);
    },
    async close() {
      if (release === undefined) return;
      // Only the holder of the lock may touch it: another process may be writing it.
      await rm(`${path}.new`, { force: true }).catch(() => undefined);
      await release();
    },
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a name durable: it is in the folder, and not in the file. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await folder.close();
  }
}

function conflict(reason: string): Error {
  return downloadError({ code: 'conflict', reason });
}
