import { unlink } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { Semaphore } from '../../base/semaphore.ts';
import { blockFileSize } from './block-format.ts';
import { blockPath, findBlocks } from './block-folder.ts';

/** Which blocks a folder holds, by their digests: the least used ones go where there is no room. */
export interface BlockIndex {
  /** Of all files, in bytes, in steps of {@link ALLOCATION}. */
  readonly bytes: number;
  has(digest: string): boolean;
  /** Notes that a block is used. */
  use(digest: string): void;
  /** Notes a block of `length` bytes, as just used, and removes others to make room. Resolves when there is room. */
  add(digest: string, length: number): Promise<void>;
  /** Forgets a block whose file is not there. */
  forget(digest: string): void;
  /** Forgets a block, and removes its file. */
  remove(digest: string): Promise<void>;
  /** Looks for what is in the folder. It is forgotten before what was used since. */
  search(): Promise<void>;
}

/** What most file systems give a file, in bytes. */
const ALLOCATION = 4096;

/** Bytes that a block of `length` bytes takes. */
export function blockRoom(length: number): number {
  return allocated(blockFileSize(length));
}

function allocated(size: number): number {
  return Math.ceil(size / ALLOCATION) * ALLOCATION;
}

/**
 * @param onRemove called before a block's file is removed
 * @throws TypeError where `maxBytes` is not a whole number above 0
 */
export function blockIndex(
  folder: string,
  maxBytes: number,
  openFiles: Semaphore,
  onRemove: (digest: string) => void,
): BlockIndex {
  const removals = new Set<Promise<void>>();
  const held = new LRUCache<string, number>({
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
      return held.calculatedSize;
    },
    has: (digest) => held.has(digest),
    use: (digest) => void held.get(digest),
    async add(digest, length) {
      held.set(digest, blockRoom(length));
      await Promise.all(removals);
    },
    forget: (digest) => void held.delete(digest),
    async remove(digest) {
      held.delete(digest);
      await unlinkBlock(digest);
    },
    async search() {
      const found = (await findBlocks(folder)).toSorted((a, b) => a.used - b.used);
      const since = [...held.rkeys()].map((digest) => ({ digest, room: held.peek(digest) ?? 0 }));
      held.clear();
      for (const { digest, size } of found) {
        if (allocated(size) <= maxBytes) held.set(digest, allocated(size));
        // Of a time when there was more room.
        else void unlinkBlock(digest);
      }
      for (const { digest, room } of since) held.set(digest, room);
    },
  };
}
