import { unlink } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { Semaphore } from '../../base/semaphore.ts';
import { blockFileSize } from './block-format.ts';
import { blockPath, findBlocks } from './block-folder.ts';

/** The index of the blocks in a folder, by digest. If the files exceed the byte limit, the least recently used are evicted. */
export interface BlockIndex {
  /** Size of all files together, in bytes; each file is rounded up to {@link ALLOCATION}. */
  readonly bytes: number;
  has(digest: string): boolean;
  /** Marks a block as most recently used. */
  touch(digest: string): void;
  /** Adds a block of `length` bytes as most recently used, and evicts others. Resolves when their files are removed. */
  add(digest: string, length: number): Promise<void>;
  /** Removes a block from the index, if its file does not exist. */
  forget(digest: string): void;
  /** Removes a block from the index, and its file. */
  remove(digest: string): Promise<void>;
  /** Adds the blocks that are in the folder. They count as less recently used than all blocks in the index. */
  scan(): Promise<void>;
}

/** Allocation unit of most file systems, in bytes. */
const ALLOCATION = 4096;

/** Returns the bytes that a block of `length` bytes takes on the disk. */
export function diskUsage(length: number): number {
  return allocated(blockFileSize(length));
}

function allocated(size: number): number {
  return Math.ceil(size / ALLOCATION) * ALLOCATION;
}

/**
 * Creates an empty index.
 *
 * @param maxBytes limit for all files together, in bytes
 * @param openFiles limits the file operations in progress
 * @param onRemove called before a block's file is removed
 * @throws TypeError if `maxBytes` is not a whole number above 0
 */
export function blockIndex(
  folder: string,
  maxBytes: number,
  openFiles: Semaphore,
  onRemove: (digest: string) => void,
): BlockIndex {
  const removals = new Set<Promise<void>>();
  const sizes = new LRUCache<string, number>({
    maxSize: maxBytes,
    sizeCalculation: (size) => size,
    dispose(_size, digest, reason) {
      if (reason === 'evict') void unlinkBlock(digest);
    },
  });

  function unlinkBlock(digest: string): Promise<void> {
    onRemove(digest);
    const removal = openFiles
      .run(() => unlink(blockPath(folder, digest)))
      .catch(() => undefined)
      .finally(() => removals.delete(removal));
    removals.add(removal);
    return removal;
  }

  return {
    get bytes() {
      return sizes.calculatedSize;
    },
    has: (digest) => sizes.has(digest),
    touch: (digest) => void sizes.get(digest),
    async add(digest, length) {
      sizes.set(digest, diskUsage(length));
      await Promise.all(removals);
    },
    forget: (digest) => void sizes.delete(digest),
    async remove(digest) {
      sizes.delete(digest);
      await unlinkBlock(digest);
    },
    async scan() {
      const found = (await findBlocks(folder)).toSorted((a, b) => a.usedAt - b.usedAt);
      // The blocks that were added during the scan are set again at the end, so that they stay the most recently used.
      const added = [...sizes.rkeys()].map((digest) => ({ digest, size: sizes.peek(digest) ?? 0 }));
      sizes.clear();
      for (const { digest, size } of found) {
        if (allocated(size) <= maxBytes) sizes.set(digest, allocated(size));
        // A file from an earlier run with a larger limit.
        else void unlinkBlock(digest);
      }
      for (const { digest, size } of added) sizes.set(digest, size);
    },
  };
}
