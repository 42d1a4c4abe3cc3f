import type { Stats } from 'node:fs';
import type { Span } from '../../http/index.ts';
import { PAGE, checksum, pageCount, pagesOf } from './block-format.ts';

/**
 * Which pages of a block's file were found to be as they were written, in this process. It holds for the file as it was
 * then: the kernel moves the change time with each write, so a file with the same inode, size and change time has the
 * same bytes. A write through a memory map does not show, nor do bytes that go bad on the disk without a write.
 */
export interface VerifiedPages {
  /** Whether all pages of a part were found right. */
  covers(part: Span): boolean;
  /** Whether the file is the one that was checked, unchanged, and still has a name. */
  isOf(stats: Stats): boolean;
  /** Whether a change from now on is sure to show. Asked before pages are read that may be noted. */
  isSettled(stats: Stats): boolean;
  /**
   * Compares pages with their checksums.
   *
   * @param bytes whole pages, which begin at byte `start` of the block
   * @param isNoted whether they need not be compared again
   * @returns whether all of them have the bytes that were written
   */
  check(bytes: Uint8Array, start: number, isNoted: boolean): boolean;
  /** What it takes in memory, in bytes, about. */
  readonly room: number;
}

/** Kernels stamp a change with the time of their last tick, 10 ms apart at the most: two changes may have one stamp. */
const TICK_MS = 20;

/** Some file systems (FAT, old NFS) keep whole seconds. */
const COARSE_MS = 2_000;

/** Objects and arrays, besides their content. */
const ENTRY_BYTES = 400;

/**
 * Begins with no page checked.
 *
 * @param stats the file's state before its head was read
 * @param checksums of the pages
 */
export function verifiedPages(stats: Stats, checksums: Uint32Array): VerifiedPages {
  const { dev, ino, size, ctimeMs } = stats;
  const isRight = new Uint8Array(checksums.length);
  return {
    covers({ start, end }) {
      for (let page = Math.floor(start / PAGE); page < pageCount(end); page++) if (isRight[page] !== 1) return false;
      return true;
    },
    isOf: (now) => now.ctimeMs === ctimeMs && now.size === size && now.ino === ino && now.dev === dev && now.nlink > 0,
    isSettled(now) {
      // A stamp in the future counts as one of now.
      const age = Math.max(0, Date.now() - now.ctimeMs);
      return age > (now.ctimeMs % 1000 === 0 ? COARSE_MS : TICK_MS);
    },
    check(bytes, start, isNoted) {
      const first = start / PAGE;
      const pages = pagesOf(bytes);
      for (const [i, page] of pages.entries()) {
        if (isRight[first + i] === 1) continue;
        if (checksum(page) !== checksums[first + i]) return false;
        if (isNoted) isRight[first + i] = 1;
      }
      return true;
    },
    room: ENTRY_BYTES + checksums.length * (Uint32Array.BYTES_PER_ELEMENT + 1),
  };
}
