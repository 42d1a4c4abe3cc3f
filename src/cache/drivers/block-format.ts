import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import type { Span } from '../../http/index.ts';

/*
 * A block in a file: a head, then the block's bytes. The head is
 *
 *   8 bytes   MAGIC
 *   32 bytes  the SHA-256 that is also the file's name, so that a file in another's place is known
 *   4 bytes   for each page of the block, its checksum
 *   4 bytes   the checksum of all before
 *
 * so that a part of a block is checked with its own pages and the head alone.
 */

const MAGIC = Buffer.from('RWBLOCK1', 'latin1');
const DIGEST_LENGTH = 32;
const CHECKSUM_LENGTH = 4;
const CHECKSUMS_AT = MAGIC.length + DIGEST_LENGTH;

/** Bytes under one checksum: the least that is read to check a byte. */
export const PAGE = 64 * 1024;

/** Bytes before a block of `length` bytes in its file. */
export function headSize(length: number): number {
  return CHECKSUMS_AT + (pageCount(length) + 1) * CHECKSUM_LENGTH;
}

/** Bytes of a file with a block of `length` bytes. */
export function blockFileSize(length: number): number {
  return headSize(length) + length;
}

/** Pages of a block of `length` bytes; the last may be short. */
export function pageCount(length: number): number {
  return Math.ceil(length / PAGE);
}

/** The pages that a part of a block of `length` bytes touches, in bytes of the block. */
export function pagesAround({ start, end }: Span, length: number): Span {
  return { start: Math.floor(start / PAGE) * PAGE, end: Math.min(length, Math.ceil(end / PAGE) * PAGE) };
}

/** The pages in these bytes, which begin where a page does. */
export function pagesOf(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: pageCount(bytes.length) }, (_, i) => bytes.subarray(i * PAGE, (i + 1) * PAGE));
}

/** @param digest in hexadecimal */
export function printHead(digest: string, checksums: readonly number[]): Buffer {
  const head = Buffer.alloc(CHECKSUMS_AT + (checksums.length + 1) * CHECKSUM_LENGTH);
  MAGIC.copy(head);
  head.write(digest, MAGIC.length, 'hex');
  for (const [i, sum] of checksums.entries()) head.writeUInt32LE(sum, CHECKSUMS_AT + i * CHECKSUM_LENGTH);
  head.writeUInt32LE(checksum(head.subarray(0, -CHECKSUM_LENGTH)), head.length - CHECKSUM_LENGTH);
  return head;
}

/**
 * Reads a head.
 *
 * @returns the checksums of the pages; `undefined` where this is not the head of the block with this digest
 */
export function parseHead(head: Buffer, digest: string): Uint32Array | undefined {
  const sumAt = head.length - CHECKSUM_LENGTH;
  if (head.readUInt32LE(sumAt) !== checksum(head.subarray(0, sumAt))) return undefined;
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (head.toString('hex', MAGIC.length, CHECKSUMS_AT) !== digest) return undefined;
  const count = (sumAt - CHECKSUMS_AT) / CHECKSUM_LENGTH;
  return Uint32Array.from({ length: count }, (_, i) => head.readUInt32LE(CHECKSUMS_AT + i * CHECKSUM_LENGTH));
}

/**
 * CRC-32, at twice the speed of the fastest digest, where Node has it: from 20.15 on. Under another Node the files of
 * this one are damaged, and written anew.
 */
export const checksum: (bytes: Uint8Array) => number =
  typeof zlib.crc32 === 'function'
    ? (bytes) => zlib.crc32(bytes)
    : (bytes) => createHash('sha1').update(bytes).digest().readUInt32LE(0);
