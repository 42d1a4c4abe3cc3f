import type { Stats } from 'node:fs';
import type { Span } from '../../http/index.ts';
import { PAGE, checksum, pageCount, pagesOf } from './block-format.ts';

/**
 * Records which pages of a block's file were verified by this process, so that each page is verified once.
 *
 * The record is valid as long as the file is unchanged. The kernel updates the change time with each write, so a file
 * with the same inode, size and change time has the same bytes. Two things are not detected: a write through a memory
 * map, and bytes that go bad on the disk without a write.
 */
export interface VerifiedPages {
  /** Whether all pages of a part are verified. `part` is half-open, in bytes from the block's start. */
  covers(part: Span): boolean;
  /** Whether the file is the one that was verified, is unchanged, and still has a name. */
  matches(stats: Stats): boolean;
  /** Whether the next change will have another change time. Call it before a read whose pages are to be recorded. */
  isSettled(stats: Stats): boolean;
  /**
   * Compares pages with their checksums.
   *
   * @param bytes whole pages
   * @param start position of `bytes`, in bytes from the block's start; a page begins there
   * @param isRecorded whether the pages are recorded as verified
   * @returns whether all checksums match
   */
  verify(bytes: Uint8Array, start: number, isRecorded: boolean): boolean;
  /** Approximate memory use, in bytes. */
  readonly memoryUsage: number;
}

/** Kernels take the change time from their last tick, at most 10 ms ago, so two changes within a tick have the same time. */
const TICK_MS = 20;

/** Some file systems (FAT, old NFS) store times in whole seconds. */
const COARSE_MS = 2_000;

/** Memory of the objects and arrays, without their content. */
const ENTRY_BYTES = 400;

/**
 * Creates a record without verified pages.
 *
 * @param stats the file's state before its header was read
 * @param checksums one for each page
 */
export function verifiedPages(stats: Stats, checksums: Uint32Array): VerifiedPages {
  const { dev, ino, size, ctimeMs } = stats;
  const isVerified = new Uint8Array(checksums.length);
  return {
    covers({ start, end }) {
      for (let page = Math.floor(start / PAGE); page < pageCount(end); page++) if (isVerified[page] !== 1) return false;
      return true;
    },
    matches: (now) =>
      now.ctimeMs === ctimeMs && now.size === size && now.ino === ino && now.dev === dev && now.nlink > 0,
    isSettled(now) {
      // A change time in the future counts as the current time.
      const age = Math.max(0, Date.now() - now.ctimeMs);
      return age > (now.ctimeMs % 1000 === 0 ? COARSE_MS : TICK_MS);
    },
    verify(bytes, start, isRecorded) {
      const first = start / PAGE;
      const pages = pagesOf(bytes);
      for (const [i, page] of pages.entries()) {
        if (isVerified[first + i] === 1) continue;
        if (checksum(page) !== checksums[first + i]) return false;
        if (isRecorded) isVerified[first + i] = 1;
      }
      return true;
    },
    memoryUsage: ENTRY_BYTES + checksums.length * (Uint32Array.BYTES_PER_ELEMENT + 1),
  };
}
