import { close, closeSync, constants, fstatSync, open, read, type Stats } from 'node:fs';
import { spanLength, type Span } from '../../http/index.ts';
import { isAbsent } from './block-file.ts';
import { blockFileSize, decodeHeader, headerSize, pagesAround } from './block-format.ts';
import { verifiedPages, type VerifiedPages } from './verified-pages.ts';

/** Returns a buffer of at least `length` bytes. Its content does not matter, because all of it is overwritten. */
export type BufferSource = (length: number) => Uint8Array;

/** Allocates a new buffer with its own ArrayBuffer. The result is not a Buffer, because `slice` of a Buffer is a view. */
export function newBuffer(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** The file of a block, open for reading. Parts are half-open, in bytes from the block's start. */
export interface OpenBlock {
  /** The verified pages of the file. */
  readonly pages: VerifiedPages;
  /**
   * Reads a part of the block, and verifies those of its pages that are not verified yet.
   *
   * @param allocate returns the buffer for the part, or for all pages that it touches
   * @returns the part; `changed` if the file was changed or removed since it was opened; `damaged` if a checksum differs
   * @throws the error of the file system
   */
  read(part: Span, allocate: BufferSource): Promise<Uint8Array | 'changed' | 'damaged'>;
  /**
   * Verifies those pages of a part that are not verified yet, without returning their bytes.
   *
   * @param step bytes of one read
   * @param allocate returns the buffer for one read
   * @throws the error of the file system
   */
  verify(part: Span, step: number, allocate: BufferSource): Promise<'verified' | 'changed' | 'damaged'>;
  /** Whether the file was removed: it has no name any more. */
  isRemoved(): boolean;
  /** Closes the descriptor after the reads in progress. Resolves when it is closed. */
  close(): Promise<void>;
}

/**
 * Opens the file of a block, and reads its header, unless the file is unchanged since its header was read.
 *
 * @param digest the file's name, in hexadecimal
 * @param length of the block, in bytes
 * @param known the verified pages from an earlier descriptor of the file
 * @returns `missing` if there is no file; `damaged` if it is not a complete file of that block
 * @throws the error of the file system if the file can't be read; the file is not necessarily damaged then
 */
export async function openBlock(
  path: string,
  digest: string,
  length: number,
  known: VerifiedPages | undefined,
): Promise<OpenBlock | 'missing' | 'damaged'> {
  const descriptor = await openFile(path);
  if (descriptor === undefined) return 'missing';
  try {
    const stats = fstatSync(descriptor);
    const pages = known?.matches(stats) === true ? known : await readHeader(descriptor, digest, length, stats);
    if (pages !== undefined) return blockReader(descriptor, length, pages, pages.isSettled(stats));
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
  await closeFile(descriptor);
  return 'damaged';
}

async function readHeader(
  descriptor: number,
  digest: string,
  length: number,
  stats: Stats,
): Promise<VerifiedPages | undefined> {
  if (!stats.isFile() || stats.size !== blockFileSize(length)) return undefined;
  const header = Buffer.alloc(headerSize(length));
  if ((await readAt(descriptor, header, 0)) < header.length) return undefined;
  const checksums = decodeHeader(header, digest);
  return checksums && verifiedPages(stats, checksums);
}

/** @param wasSettled whether a change after the file was opened is visible in its change time */
function blockReader(descriptor: number, length: number, pages: VerifiedPages, wasSettled: boolean): OpenBlock {
  let isSettled = wasSettled;
  /** Reads in progress. `close` counts as one, so that the descriptor is closed once. */
  let reads = 0;
  let closed: PromiseWithResolvers<void> | undefined;

  function endRead(): void {
    reads--;
    if (reads === 0 && closed !== undefined) void closeFile(descriptor).then(closed.resolve);
  }

  async function readPart(part: Span, allocate: BufferSource): Promise<Uint8Array | 'changed' | 'damaged'> {
    const span = pages.covers(part) ? part : pagesAround(part, length);
    const bytes = allocate(spanLength(span)).subarray(0, spanLength(span));
    // The value before the read: a change during the read may have the same change time as an earlier one.
    const isRecorded = isSettled;
    const count = await readAt(descriptor, bytes, headerSize(length) + span.start);
    const stats = fstatSync(descriptor);
    if (!pages.matches(stats)) return 'changed';
    isSettled ||= pages.isSettled(stats);
    if (count < bytes.length) return 'damaged';
    if (span === part) return bytes;
    const at = part.start - span.start;
    return pages.verify(bytes, span.start, isRecorded) ? bytes.subarray(at, at + spanLength(part)) : 'damaged';
  }

  async function verifyPart(
    { start, end }: Span,
    step: number,
    allocate: BufferSource,
  ): Promise<'verified' | 'changed' | 'damaged'> {
    for (let at = start; at < end; at += step) {
      const part = { start: at, end: Math.min(at + step, end) };
      if (pages.covers(part)) continue;
      const result = await readPart(part, allocate);
      if (typeof result === 'string') return result;
    }
    return pages.matches(fstatSync(descriptor)) ? 'verified' : 'changed';
  }

  /** Runs a read unless the descriptor is being closed: its number may then belong to another file. */
  async function whileOpen<Result>(operation: () => Promise<Result>): Promise<Result | 'changed'> {
    if (closed !== undefined) return 'changed';
    reads++;
    try {
      return await operation();
    } finally {
      endRead();
    }
  }

  return {
    pages,
    read: (part, allocate) => whileOpen(() => readPart(part, allocate)),
    verify: (part, step, allocate) => whileOpen(() => verifyPart(part, step, allocate)),
    isRemoved: () => closed === undefined && !hasName(descriptor),
    close() {
      if (closed === undefined) {
        closed = Promise.withResolvers<void>();
        reads++;
        endRead();
      }
      return closed.promise;
    },
  };
}

/** NOFOLLOW: the cache writes no symbolic links. NONBLOCK: without it, opening a named pipe waits for its writer. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function openFile(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    open(path, READ_FLAGS, (error, descriptor) => {
      if (error === null) resolve(descriptor);
      else if (isAbsent(error)) resolve(undefined);
      else reject(error);
    });
  });
}

/**
 * Closes a descriptor: synchronously if the file has a name. If it has none, the file system frees its blocks, which may
 * take long, so the descriptor is closed in a thread.
 */
async function closeFile(descriptor: number): Promise<void> {
  if (!hasName(descriptor)) return closeInThread(descriptor);
  try {
    closeSync(descriptor);
  } catch {
    // The descriptor is closed even if `close` reports an error.
  }
}

function closeInThread(descriptor: number): Promise<void> {
  return new Promise((resolve) => {
    close(descriptor, () => resolve());
  });
}

function hasName(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).nlink > 0;
  } catch {
    return false;
  }
}

/** Fills a buffer from `position` on. @returns the number of bytes read; less than the buffer's length at the file's end */
function readAt(descriptor: number, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const readFrom = (at: number): void => {
      read(descriptor, buffer, at, buffer.length - at, position + at, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0 || at + count === buffer.length) resolve(at + count);
        else readFrom(at + count);
      });
    };
    readFrom(0);
  });
}
