import { close, closeSync, constants, fstatSync, open, read, type Stats } from 'node:fs';
import { spanLength, type Span } from '../../http/index.ts';
import { isAbsent } from './block-file.ts';
import { blockFileSize, headSize, pagesAround, parseHead } from './block-format.ts';
import { verifiedPages, type VerifiedPages } from './verified-pages.ts';

/** Memory for so many bytes, all of which are overwritten. */
export type BufferSource = (length: number) => Uint8Array;

/** Memory that nothing else refers to. Not a Buffer, whose `slice` is no copy. */
export function newBuffers(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** A block's file with a descriptor. */
export interface OpenBlock {
  readonly pages: VerifiedPages;
  /**
   * Reads a part of the block, and checks those of its pages that were not checked before.
   *
   * @param room where its pages are put, or as much as is needed of them
   * @returns the part; `changed` where the file was changed or removed since it was opened, `damaged` where a page has
   * other bytes than were written
   * @throws the system's error
   */
  read(part: Span, room: BufferSource): Promise<Uint8Array | 'changed' | 'damaged'>;
  /**
   * Checks those pages of a part that were not checked before, and keeps none of their bytes.
   *
   * @param step bytes that are read at once
   * @param room where they are put
   * @throws the system's error
   */
  check(part: Span, step: number, room: BufferSource): Promise<'checked' | 'changed' | 'damaged'>;
  /** Whether the file has no name any more. */
  isRemoved(): boolean;
  /** Closes the descriptor as soon as no read is in it. Resolves when it is closed. */
  close(): Promise<void>;
}

/**
 * Opens a block's file, and reads its head unless it was read before and the file is the same.
 *
 * @param length of the block, in bytes
 * @param known its pages as they were checked under an earlier descriptor
 * @returns `damaged` where it is no whole file of that block
 * @throws the system's error where the file can't be read, which says nothing about its bytes
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
    const pages = known?.isOf(stats) === true ? known : await readPages(descriptor, digest, length, stats);
    if (pages !== undefined) return readable(descriptor, length, pages, pages.isSettled(stats));
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
  await closeFile(descriptor);
  return 'damaged';
}

async function readPages(
  descriptor: number,
  digest: string,
  length: number,
  stats: Stats,
): Promise<VerifiedPages | undefined> {
  if (!stats.isFile() || stats.size !== blockFileSize(length)) return undefined;
  const head = Buffer.alloc(headSize(length));
  if ((await readAt(descriptor, head, 0)) < head.length) return undefined;
  const checksums = parseHead(head, digest);
  return checksums && verifiedPages(stats, checksums);
}

/** @param wasSettled whether a change since the file was opened is sure to show */
function readable(descriptor: number, length: number, pages: VerifiedPages, wasSettled: boolean): OpenBlock {
  let isSettled = wasSettled;
  let reads = 0;
  let closed: PromiseWithResolvers<void> | undefined;

  function endRead(): void {
    reads--;
    if (reads === 0 && closed !== undefined) void closeFile(descriptor).then(closed.resolve);
  }

  async function readPart(part: Span, room: BufferSource): Promise<Uint8Array | 'changed' | 'damaged'> {
    const span = pages.covers(part) ? part : pagesAround(part, length);
    const bytes = room(spanLength(span)).subarray(0, spanLength(span));
    // As it is before the read: a change in the same tick as an earlier one would not show.
    const isNoted = isSettled;
    const count = await readAt(descriptor, bytes, headSize(length) + span.start);
    const stats = fstatSync(descriptor);
    if (!pages.isOf(stats)) return 'changed';
    isSettled ||= pages.isSettled(stats);
    if (count < bytes.length) return 'damaged';
    if (span === part) return bytes;
    const at = part.start - span.start;
    return pages.check(bytes, span.start, isNoted) ? bytes.subarray(at, at + spanLength(part)) : 'damaged';
  }

  async function checkPart(
    { start, end }: Span,
    step: number,
    room: BufferSource,
  ): Promise<'checked' | 'changed' | 'damaged'> {
    for (let at = start; at < end; at += step) {
      const part = { start: at, end: Math.min(at + step, end) };
      if (pages.covers(part)) continue;
      const found = await readPart(part, room);
      if (typeof found === 'string') return found;
    }
    return pages.isOf(fstatSync(descriptor)) ? 'checked' : 'changed';
  }

  /** No descriptor is used once it may be closed: its number may be that of another file. */
  async function whileOpen<Result>(work: () => Promise<Result>): Promise<Result | 'changed'> {
    if (closed !== undefined) return 'changed';
    reads++;
    try {
      return await work();
    } finally {
      endRead();
    }
  }

  return {
    pages,
    read: (part, room) => whileOpen(() => readPart(part, room)),
    check: (part, step, room) => whileOpen(() => checkPart(part, step, room)),
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

/** NOFOLLOW: a linked file is not ours. NONBLOCK: opening a named pipe would wait for its writer. */
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

/** Closes it at once where the file has a name; of one without, the file system has bytes to free, which may take long. */
async function closeFile(descriptor: number): Promise<void> {
  if (!hasName(descriptor)) return closeLater(descriptor);
  try {
    closeSync(descriptor);
  } catch {
    // Whatever it failed with, the descriptor is gone.
  }
}

function closeLater(descriptor: number): Promise<void> {
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

/** @returns how many bytes there were: fewer than there is room for at the end of the file alone */
function readAt(descriptor: number, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const readOn = (at: number): void => {
      read(descriptor, buffer, at, buffer.length - at, position + at, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0 || at + count === buffer.length) resolve(at + count);
        else readOn(at + count);
      });
    };
    readOn(0);
  });
}
