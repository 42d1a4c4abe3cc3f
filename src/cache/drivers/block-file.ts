import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import zlib from 'node:zlib';
import { errorCode } from '../../error-code.ts';
import { spanLength, type Span } from '../../http/index.ts';
import { temporaryPath } from './block-folder.ts';

/*
 * A block in a file: a head, then the block's bytes. The head is
 *
 *   8 bytes   MAGIC
 *   32 bytes  the SHA-256 that is also the file's name, so that a file in another's place is known
 *   4 bytes   for each page of the block, its checksum
 *   4 bytes   the checksum of all before
 *
 * so that a part of a block costs its own pages and the head, and every byte that is given out was checked.
 */

const MAGIC = Buffer.from('RWBLOCK1', 'latin1');
const DIGEST_LENGTH = 32;
const CHECKSUM_LENGTH = 4;
const CHECKSUMS_AT = MAGIC.length + DIGEST_LENGTH;

/** Bytes under one checksum: what the smallest read costs. */
const PAGE = 64 * 1024;

/** Bytes between two turns of the event loop: summing up 1 MiB takes 0.6 ms, and a block can be many. */
const CHUNK = 16 * PAGE;

/** Bytes of a file with a block of `length` bytes. */
export function blockFileSize(length: number): number {
  return headSize(length) + length;
}

function headSize(length: number): number {
  return CHECKSUMS_AT + (Math.ceil(length / PAGE) + 1) * CHECKSUM_LENGTH;
}

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
  const head = Buffer.alloc(headSize(bytes.length));
  MAGIC.copy(head);
  head.write(digest, MAGIC.length, 'hex');
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    const written = writeAll(handle, chunk, head.length + at);
    pages(chunk).forEach((page, i) => head.writeUInt32LE(checksum(page), checksumAt(at / PAGE + i)));
    await written;
  }
  head.writeUInt32LE(checksum(head.subarray(0, -CHECKSUM_LENGTH)), head.length - CHECKSUM_LENGTH);
  await writeAll(handle, head, 0);
}

/**
 * Reads a part of a block.
 *
 * @param part inside the block, half-open, in bytes from the block's start
 * @returns `damaged` where the file is not, byte for byte, what was written under this name
 * @throws the system's error where the file can't be read, which says nothing about its bytes
 */
export async function readBlockFile(
  path: string,
  digest: string,
  length: number,
  part: Span,
): Promise<Uint8Array | 'missing' | 'damaged'> {
  const handle = await openBlock(path);
  if (handle === undefined) return 'missing';
  try {
    const head = readHead(handle, digest, length);
    const start = Math.floor(part.start / PAGE) * PAGE;
    const end = Math.min(length, Math.ceil(part.end / PAGE) * PAGE);
    const buffer = Buffer.allocUnsafeSlow(end - start);
    // All at once, the head with them: on a disk that has to turn, waiting for one after the other is what costs.
    const chunks = Array.from({ length: Math.ceil(buffer.length / CHUNK) }, (_, i) =>
      readPages(handle, head, buffer.subarray(i * CHUNK, (i + 1) * CHUNK), start + i * CHUNK, length),
    );
    if ((await Promise.all(chunks)).includes(false)) return 'damaged';
    const at = part.start - start;
    return buffer.subarray(at, at + spanLength(part));
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** NOFOLLOW: what is linked to is not ours. NONBLOCK: opening a named pipe would wait for its writer. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openBlock(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ_FLAGS);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** @returns `undefined` where this is no whole file of that block */
async function readHead(handle: FileHandle, digest: string, length: number): Promise<Buffer | undefined> {
  const head = Buffer.alloc(headSize(length));
  const [stat, filled] = await Promise.all([handle.stat(), readAll(handle, head, 0)]);
  if (!stat.isFile() || stat.size !== blockFileSize(length) || !filled) return undefined;
  const sumAt = head.length - CHECKSUM_LENGTH;
  if (head.readUInt32LE(sumAt) !== checksum(head.subarray(0, sumAt))) return undefined;
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return head.toString('hex', MAGIC.length, CHECKSUMS_AT) === digest ? head : undefined;
}

/**
 * Fills `chunk` with whole pages.
 *
 * @param at where in the block they begin
 * @returns whether they are what was written
 */
async function readPages(
  handle: FileHandle,
  reading: Promise<Buffer | undefined>,
  chunk: Buffer,
  at: number,
  length: number,
): Promise<boolean> {
  const [head, filled] = await Promise.all([reading, readAll(handle, chunk, headSize(length) + at)]);
  if (head === undefined || !filled) return false;
  return pages(chunk).every((page, i) => head.readUInt32LE(checksumAt(at / PAGE + i)) === checksum(page));
}

function checksumAt(page: number): number {
  return CHECKSUMS_AT + page * CHECKSUM_LENGTH;
}

function pages(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / PAGE) }, (_, i) => bytes.subarray(i * PAGE, (i + 1) * PAGE));
}

/**
 * CRC-32, at twice the speed of the fastest digest, where Node has it: from 20.15 on. Under another Node the files of
 * this one are damaged, and written anew.
 */
const checksum: (bytes: Uint8Array) => number =
  typeof zlib.crc32 === 'function'
    ? (bytes) => zlib.crc32(bytes)
    : (bytes) => createHash('sha1').update(bytes).digest().readUInt32LE(0);

/** @returns whether there was as much */
async function readAll(handle: FileHandle, buffer: Buffer, position: number): Promise<boolean> {
  for (let at = 0; at < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, at, buffer.length - at, position + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
