import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { PAGE, checksum, headSize, pagesOf, printHead } from './block-format.ts';
import { temporaryPath } from './block-folder.ts';

/** Bytes between two turns of the event loop: summing up 1 MiB takes 0.6 ms, and a block can be many. */
const CHUNK = 16 * PAGE;

/**
 * Writes a block so that the file is there whole or not at all, and leaves nothing behind where that fails.
 *
 * Nothing is synced: after a power cut the name may be there before the bytes are, which the checksums tell.
 *
 * @param digest the file's name, in hexadecimal
 * @throws the system's error
 */
export async function writeBlockFile(path: string, digest: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  const handle = await create(temporary);
  try {
    await fillFile(handle, digest, bytes).finally(() => handle.close());
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** Only for the user that runs this: what is cached need not be public. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'wx', 0o600);
  }
}

async function fillFile(handle: FileHandle, digest: string, bytes: Uint8Array): Promise<void> {
  const checksums: number[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    const written = writeAll(handle, chunk, headSize(bytes.length) + at);
    checksums.push(...pagesOf(chunk).map(checksum));
    await written;
  }
  await writeAll(handle, printHead(digest, checksums), 0);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** Whether the error says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
