import { LRUCache } from 'lru-cache';
import type { Span } from '../../http/index.ts';
import type { Semaphore } from '../../base/semaphore.ts';
import { blockPath } from './block-folder.ts';
import type { VerifiedPages } from './verified-pages.ts';
import { openBlock, type OpenBlock, type BufferSource } from './open-block.ts';

/** Reads blocks of a folder through descriptors that stay open. */
export interface OpenBlockCache {
  /**
   * Reads a part of a block of `length` bytes: see {@link OpenBlock.read}.
   *
   * @returns `damaged` where the file has other bytes than were written under this name
   * @throws the system's error where the file can't be read, which says nothing about its bytes
   */
  read(digest: string, length: number, part: Span, room: BufferSource): Promise<Uint8Array | 'missing' | 'damaged'>;
  /** Checks a part that is to be read later: see {@link OpenBlock.check}, and `read`. */
  check(
    digest: string,
    length: number,
    part: Span,
    step: number,
    room: BufferSource,
  ): Promise<'checked' | 'missing' | 'damaged'>;
  /** Closes a block's descriptor, since its file is removed or replaced, and forgets which pages were checked. */
  drop(digest: string): void;
  /** Closes the descriptors of files that were removed by others, which take room on the disk until then. */
  closeRemoved(): Promise<void>;
}

/** Descriptors open at once, but for those that are just opened, closed or written: as many as files in use. */
const DESCRIPTORS = 224;

/** A descriptor that was not used for so long, in ms, is closed: its file may have been removed by another process. */
const IDLE_MS = 250;

/** Bytes for the pages that were checked, which outlive their descriptors. 17,000 blocks of 1 MiB have room. */
const CHECKED_BYTES = 8 * 1024 * 1024;

/** A file that is changed under each of so many reads is left alone. */
const MAX_CHANGES = 3;

type Opening = Promise<OpenBlock | 'missing' | 'damaged'>;

type Work<Result> = (block: OpenBlock) => Promise<Result | 'changed' | 'damaged'>;

interface Entry {
  readonly opening: Opening;
  /** Once it is open. */
  block: OpenBlock | undefined;
  /** Since the last look for idle ones. */
  isUsed: boolean;
}

/** @param openFiles how many files are in use at once, each read and each opening among them */
export function openBlockCache(folder: string, openFiles: Semaphore): OpenBlockCache {
  // In the order of their use.
  const entries = new Map<string, Entry>();
  const checked = new LRUCache<string, VerifiedPages>({ maxSize: CHECKED_BYTES, sizeCalculation: ({ room }) => room });
  let sweep: NodeJS.Timeout | undefined;

  /** Only itself: another one of the same block may have taken its place. */
  function remove(digest: string, entry: Entry): void {
    if (entries.get(digest) === entry) entries.delete(digest);
  }

  async function closeEntry(digest: string, entry: Entry): Promise<void> {
    remove(digest, entry);
    const block = await entry.opening.catch(() => undefined);
    if (typeof block === 'object') await block.close();
  }

  /** Makes room for one descriptor more. */
  async function makeRoom(): Promise<void> {
    for (const [digest, entry] of entries) {
      if (entries.size <= DESCRIPTORS) return;
      if (entry.block !== undefined) await closeEntry(digest, entry);
    }
  }

  function closeIdle(): void {
    for (const [digest, entry] of entries) {
      if (!entry.isUsed) void closeEntry(digest, entry);
      entry.isUsed = false;
    }
    sweep = entries.size === 0 ? undefined : setTimeout(closeIdle, IDLE_MS).unref();
  }

  async function open(digest: string, length: number): Opening {
    await makeRoom();
    return openBlock(blockPath(folder, digest), digest, length, checked.get(digest));
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
    sweep ??= setTimeout(closeIdle, IDLE_MS).unref();
    return entry;
  }

  function use(digest: string, length: number): Entry {
    const entry = entries.get(digest);
    if (entry === undefined) return add(digest, length);
    entries.delete(digest);
    entries.set(digest, entry);
    entry.isUsed = true;
    return entry;
  }

  /** Does work with a block's descriptor, and again with another one where the file was changed meanwhile. */
  async function withBlock<Result>(digest: string, length: number, work: Work<Result>) {
    for (let changes = 0; changes < MAX_CHANGES; changes++) {
      const entry = use(digest, length);
      const block = entry.block ?? (await entry.opening);
      if (typeof block === 'string') return block;
      let result: Result | 'changed' | 'damaged' = 'changed';
      try {
        result = await work(block);
      } finally {
        if (result === 'changed' || result === 'damaged') void closeEntry(digest, entry);
      }
      if (result === 'changed') continue;
      if (result !== 'damaged' && checked.peek(digest) !== block.pages) checked.set(digest, block.pages);
      return result;
    }
    throw new Error('the file of a block is changed all the time');
  }

  return {
    read: (digest, length, part, room) =>
      openFiles.run(() => withBlock(digest, length, (block) => block.read(part, room))),
    check: (digest, length, part, step, room) =>
      openFiles.run(() => withBlock(digest, length, (block) => block.check(part, step, room))),
    drop(digest) {
      checked.delete(digest);
      const entry = entries.get(digest);
      if (entry !== undefined) void closeEntry(digest, entry);
    },
    async closeRemoved() {
      const removed = [...entries].filter(([, { block }]) => block?.isRemoved() === true);
      await Promise.all(removed.map(([digest, entry]) => closeEntry(digest, entry)));
    },
  };
}
