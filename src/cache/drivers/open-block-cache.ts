import { LRUCache } from 'lru-cache';
import type { Span } from '../../http/index.ts';
import type { Semaphore } from '../../base/semaphore.ts';
import { blockPath } from './block-folder.ts';
import type { VerifiedPages } from './verified-pages.ts';
import { openBlock, type OpenBlock, type BufferSource } from './open-block.ts';

/** Reads the blocks of a folder, and caches their open descriptors and verified pages. `length` is a block's, in bytes. */
export interface OpenBlockCache {
  /**
   * Reads a part of a block: see {@link OpenBlock.read}.
   *
   * @returns `missing` if there is no file; `damaged` if it has other bytes than were written
   * @throws the error of the file system if the file can't be read; the file is not necessarily damaged then
   */
  read(digest: string, length: number, part: Span, allocate: BufferSource): Promise<Uint8Array | 'missing' | 'damaged'>;
  /** Verifies the pages of a part before it is streamed: see {@link OpenBlock.verify}. Fails like `read`. */
  verify(
    digest: string,
    length: number,
    part: Span,
    step: number,
    allocate: BufferSource,
  ): Promise<'verified' | 'missing' | 'damaged'>;
  /** Closes the descriptor of a block whose file is removed or replaced, and forgets its verified pages. */
  drop(digest: string): void;
  /** Closes the descriptors of files that other processes have removed. Such files take disk space until then. */
  closeRemoved(): Promise<void>;
}

/** Maximum number of cached descriptors. Those that are being opened, closed or written come on top, one per open file. */
const MAX_DESCRIPTORS = 224;

/** Idle time after which a descriptor is closed, in ms: its file may have been removed by another process. */
const IDLE_MS = 250;

/** Memory for the records of verified pages, which outlive their descriptors: enough for 17,000 blocks of 1 MiB. */
const VERIFIED_BYTES = 8 * 1024 * 1024;

/** Maximum number of attempts to read a file that another process keeps changing. */
const MAX_ATTEMPTS = 3;

type Opening = Promise<OpenBlock | 'missing' | 'damaged'>;

type BlockOperation<Result> = (block: OpenBlock) => Promise<Result | 'changed' | 'damaged'>;

interface Entry {
  readonly opening: Opening;
  /** The result of `opening`; `undefined` while it is pending. */
  block: OpenBlock | undefined;
  /** Whether the descriptor was used since the last check for idle ones. */
  isUsed: boolean;
}

/**
 * Creates a cache without open descriptors.
 *
 * @param openFiles limits the files in use at once: each read and each opening takes a slot
 */
export function openBlockCache(folder: string, openFiles: Semaphore): OpenBlockCache {
  /** In the order of their last use. */
  const entries = new Map<string, Entry>();
  const verified = new LRUCache<string, VerifiedPages>({
    maxSize: VERIFIED_BYTES,
    sizeCalculation: ({ memoryUsage }) => memoryUsage,
  });
  let idleTimer: NodeJS.Timeout | undefined;

  /** Removes this entry, but not a newer one of the same block. */
  function remove(digest: string, entry: Entry): void {
    if (entries.get(digest) === entry) entries.delete(digest);
  }

  async function closeEntry(digest: string, entry: Entry): Promise<void> {
    remove(digest, entry);
    const block = await entry.opening.catch(() => undefined);
    if (typeof block === 'object') await block.close();
  }

  /** Closes the least recently used descriptors until the limit is met. */
  async function evict(): Promise<void> {
    for (const [digest, entry] of entries) {
      if (entries.size <= MAX_DESCRIPTORS) return;
      if (entry.block !== undefined) await closeEntry(digest, entry);
    }
  }

  function closeIdle(): void {
    for (const [digest, entry] of entries) {
      if (!entry.isUsed) void closeEntry(digest, entry);
      entry.isUsed = false;
    }
    idleTimer = entries.size === 0 ? undefined : setTimeout(closeIdle, IDLE_MS).unref();
  }

  async function open(digest: string, length: number): Opening {
    await evict();
    return openBlock(blockPath(folder, digest), digest, length, verified.get(digest));
  }

  function add(digest: string, length: number): Entry {
    const entry: Entry = {
      opening: Promise.resolve().then(() => open(digest, length)),
      block: undefined,
      isUsed: true,
    };
    entries.set(digest, entry);
    entry.opening.then(
      (block) => {
        if (typeof block === 'string') remove(digest, entry);
        else entry.block = block;
      },
      () => remove(digest, entry),
    );
    idleTimer ??= setTimeout(closeIdle, IDLE_MS).unref();
    return entry;
  }

  /** Returns the entry of a block as the most recently used one. Adds it if there is none. */
  function use(digest: string, length: number): Entry {
    const entry = entries.get(digest);
    if (entry === undefined) return add(digest, length);
    entries.delete(digest);
    entries.set(digest, entry);
    entry.isUsed = true;
    return entry;
  }

  /** Runs an operation on an open block. If the file was changed, opens it and runs the operation again. */
  async function withBlock<Result>(digest: string, length: number, operation: BlockOperation<Result>) {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const entry = use(digest, length);
      const block = entry.block ?? (await entry.opening);
      if (typeof block === 'string') return block;
      let result: Result | 'changed' | 'damaged' = 'changed';
      try {
        result = await operation(block);
      } finally {
        if (result === 'changed' || result === 'damaged') void closeEntry(digest, entry);
      }
      if (result === 'changed') continue;
      if (result !== 'damaged' && verified.peek(digest) !== block.pages) verified.set(digest, block.pages);
      return result;
    }
    throw new Error('the file of a block is changed all the time');
  }

  return {
    read: (digest, length, part, allocate) =>
      openFiles.run(() => withBlock(digest, length, (block) => block.read(part, allocate))),
    verify: (digest, length, part, step, allocate) =>
      openFiles.run(() => withBlock(digest, length, (block) => block.verify(part, step, allocate))),
    drop(digest) {
      verified.delete(digest);
      const entry = entries.get(digest);
      if (entry !== undefined) void closeEntry(digest, entry);
    },
    async closeRemoved() {
      const removed = [...entries].filter(([, { block }]) => block?.isRemoved() === true);
      await Promise.all(removed.map(([digest, entry]) => closeEntry(digest, entry)));
    },
  };
}
