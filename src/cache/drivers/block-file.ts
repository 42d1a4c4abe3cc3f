import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { PAGE, checksum, encodeHeader, headerSize, pagesOf } from './block-format.ts';
import { temporaryPath } from './block-folder.ts';

/** Bytes written in one turn of the event loop: the checksums of 1 MiB take 0.6 ms, and a block may have many MiB. */
const CHUNK = 16 * PAGE;

/**
 * Writes the file of a block atomically: under a temporary name, which is renamed at the end and removed on failure.
 *
 * There is no fsync. After a power failure the file may lack bytes; its checksums then show the damage.
 *
 * @param digest the file's name, in hexadecimal
 * @throws the error of the file system
 */
export async function writeBlockFile(path: string, digest: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  const handle = await create(temporary);
  try {
    await writeBlock(handle, digest, bytes).finally(() => handle.close());
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Creates a file that only the current user can read: cached objects may be private. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'wx', 0o600);
  }
}

async function writeBlock(handle: FileHandle, digest: string, bytes: Uint8Array): Promise<void> {
  const checksums: number[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    const written = writeAll(handle, chunk, headerSize(bytes.length) + at);
    checksums.push(...pagesOf(chunk).map(checksum));
    await written;
  }
  await writeAll(handle, encodeHeader(digest, checksums), 0);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** Whether an error of the file system means that the file does not exist. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
