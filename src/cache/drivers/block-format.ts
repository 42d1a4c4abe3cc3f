import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import type { Span } from '../../http/index.ts';

/*
 * The file of a block: a header, then the block's bytes. The header is
 *
 *   8 bytes   MAGIC
 *   32 bytes  the SHA-256 that is also the file's name, so that a file under a wrong name is detected
 *   4 bytes   for each page of the block, its checksum
 *   4 bytes   the checksum of all header bytes before it
 *
 * so a part of a block is verified with the header and the pages of that part alone.
 */

const MAGIC = Buffer.from('RWBLOCK1', 'latin1');
const DIGEST_LENGTH = 32;
const CHECKSUM_LENGTH = 4;
const CHECKSUMS_AT = MAGIC.length + DIGEST_LENGTH;

/** Page size, in bytes: the bytes under one checksum, and so the least that is read to verify one byte. */
export const PAGE = 64 * 1024;

/** Returns the header's size, in bytes, for a block of `length` bytes. */
export function headerSize(length: number): number {
  return CHECKSUMS_AT + (pageCount(length) + 1) * CHECKSUM_LENGTH;
}

/** Returns the file's size, in bytes, for a block of `length` bytes. */
export function blockFileSize(length: number): number {
  return headerSize(length) + length;
}

/** Returns the number of pages of a block of `length` bytes. The last page may be short. */
export function pageCount(length: number): number {
  return Math.ceil(length / PAGE);
}

/**
 * Extends a part of a block of `length` bytes to whole pages.
 *
 * @param part half-open, in bytes from the block's start
 */
export function pagesAround({ start, end }: Span, length: number): Span {
  return { start: Math.floor(start / PAGE) * PAGE, end: Math.min(length, Math.ceil(end / PAGE) * PAGE) };
}

/** Splits bytes into pages of {@link PAGE} bytes; the last may be short. The first byte has to be the start of a page. */
export function pagesOf(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: pageCount(bytes.length) }, (_, i) => bytes.subarray(i * PAGE, (i + 1) * PAGE));
}

/**
 * Encodes a header.
 *
 * @param digest the file's name, in hexadecimal
 * @param checksums one for each page
 */
export function encodeHeader(digest: string, checksums: readonly number[]): Buffer {
  const header = Buffer.alloc(CHECKSUMS_AT + (checksums.length + 1) * CHECKSUM_LENGTH);
  MAGIC.copy(header);
  header.write(digest, MAGIC.length, 'hex');
  for (const [i, sum] of checksums.entries()) header.writeUInt32LE(sum, CHECKSUMS_AT + i * CHECKSUM_LENGTH);
  header.writeUInt32LE(checksum(header.subarray(0, -CHECKSUM_LENGTH)), header.length - CHECKSUM_LENGTH);
  return header;
}

/**
 * Decodes a header.
 *
 * @param digest the file's name, in hexadecimal
 * @returns the checksums of the pages; `undefined` if the bytes are not a valid header of that file
 */
export function decodeHeader(header: Buffer, digest: string): Uint32Array | undefined {
  const sumAt = header.length - CHECKSUM_LENGTH;
  if (header.readUInt32LE(sumAt) !== checksum(header.subarray(0, sumAt))) return undefined;
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (header.toString('hex', MAGIC.length, CHECKSUMS_AT) !== digest) return undefined;
  const count = (sumAt - CHECKSUMS_AT) / CHECKSUM_LENGTH;
  return Uint32Array.from({ length: count }, (_, i) => header.readUInt32LE(CHECKSUMS_AT + i * CHECKSUM_LENGTH));
}

/**
 * Returns the checksum of bytes: CRC-32 if Node has it (from 20.15 on; twice the speed of the fastest digest), else the
 * first 4 bytes of SHA-1. A file that was written with the other function counts as damaged, and is written again.
 */
export const checksum: (bytes: Uint8Array) => number =
  typeof zlib.crc32 === 'function'
    ? (bytes) => zlib.crc32(bytes)
    : (bytes) => createHash('sha1').update(bytes).digest().readUInt32LE(0);
