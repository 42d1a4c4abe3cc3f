import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { semaphore } from '../../base/semaphore.ts';
import type { BlockCache, BlockName, CachedBytes } from '../block-cache.ts';
import { spanLength, type Span } from '../../http/index.ts';
import { blockId } from './block-id.ts';
import { writeBlockFile } from './block-file.ts';
import { blockPath } from './block-folder.ts';
import { CHUNK, blockStream, chunkBuffers } from './block-stream.ts';
import { blockRoom, blockIndex } from './block-index.ts';
import { newBuffers, type BufferSource } from './open-block.ts';
import { openBlockCache } from './open-block-cache.ts';

export interface DiskCacheOptions {
  /** Made where it is not there. Its blocks are removed as the cache likes, other files are left alone. */
  readonly folder: string;
  /** Of all files together, in bytes; a file counts in steps of 4 KiB. At least 1. */
  readonly maxBytes: number;
}

/** A cache in a folder. */
export interface DiskCache extends BlockCache {
  /** What is known to be held, counted as `maxBytes` counts. */
  readonly bytes: number;
}

/** Files in use at once. Node reads and writes 4 at a time by default, so more only wait elsewhere. */
const OPEN_FILES = 16;

/** Bytes of blocks that wait to be written. A disk slower than the storage would fill the memory; so it caches less. */
const MAX_UNWRITTEN = 64 * 1024 * 1024;

/**
 * Makes a cache in a folder of a local disk. It survives restarts, and whatever happens to the folder: what can't be
 * read is a miss, what can't be written is not kept, and nothing is thrown.
 *
 * With the first call it looks in the background for blocks that are there, and removes files that a crashed process
 * was writing; blocks put meanwhile are written after that. Processes may share a folder, and find each other's blocks.
 * Each holds to `maxBytes` the blocks that it found or put itself, so together they may hold more.
 *
 * @throws TypeError where `maxBytes` is not a whole number above 0
 */
export function diskCache({ folder: given, maxBytes }: DiskCacheOptions): DiskCache {
  // Now, because the process may go to another folder later.
  const folder = resolve(given);
  const openFiles = semaphore(OPEN_FILES);
  const open = openBlockCache(folder, openFiles);
  const held = blockIndex(folder, maxBytes, openFiles, (digest) => open.drop(digest));
  const buffers = chunkBuffers();
  const puts = new Map<string, Promise<void>>();
  let unwritten = 0;
  let search: Promise<void> | undefined;

  async function keep(digest: string, bytes: Uint8Array): Promise<void> {
    // The folder's blocks have to be known first, or it would grow beyond the bound with each restart.
    await search;
    await held.add(digest, bytes.length);
    const write = () => openFiles.run(() => writeBlockFile(blockPath(folder, digest), digest, bytes));
    await write().catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOSPC') throw error;
      // A file that another process removed takes its room for as long as it is open here.
      await open.closeRemoved();
      await write();
    });
    open.drop(digest);
    // Its room was needed while it was written, when there was no file to remove yet.
    if (!held.has(digest)) await held.remove(digest);
  }

  /** A part of a block, as it was put; longer ones as a stream that was checked, and may break off. */
  async function read(digest: string, length: number, part: Span): Promise<CachedBytes | 'missing' | 'damaged'> {
    if (spanLength(part) <= CHUNK) return open.read(digest, length, part, newBuffers);
    let buffer: Uint8Array | undefined;
    const room = () => (buffer ??= buffers.take());
    const found = await open.check(digest, length, part, CHUNK, room).finally(() => {
      if (buffer !== undefined) buffers.giveBack(buffer);
    });
    return found === 'checked'
      ? blockStream(part, (chunk, into) => readOn(digest, length, chunk, into), buffers)
      : found;
  }

  /** @throws Error where the block is there no more */
  async function readOn(digest: string, length: number, part: Span, room: BufferSource): Promise<Uint8Array> {
    held.use(digest);
    const found = await open.read(digest, length, part, room);
    if (typeof found !== 'string') return found;
    await noteMiss(digest, found);
    throw new Error('a block has left the cache while it was read');
  }

  async function noteMiss(digest: string, why: 'missing' | 'damaged'): Promise<void> {
    // A put that is on its way has its room already, and brings a file that is whole.
    if (puts.has(digest)) return;
    if (why === 'damaged') await held.remove(digest);
    else held.forget(digest);
  }

  return {
    get bytes() {
      return held.bytes;
    },
    async get(name, part) {
      search ??= held.search();
      const digest = digestOf(name);
      // Before the read, so that it is not the next to be removed.
      held.use(digest);
      const found = await read(digest, name.length, part).catch(() => undefined);
      if (found === undefined) return undefined;
      if (typeof found === 'string') {
        await noteMiss(digest, found);
        return undefined;
      }
      // Another process may have put it, or the search has not come by yet.
      if (!held.has(digest) && blockRoom(name.length) <= maxBytes) void held.add(digest, name.length);
      return found;
    },
    has: (name) => held.has(digestOf(name)),
    async put(name, bytes) {
      search ??= held.search();
      if (bytes.length !== name.length || blockRoom(name.length) > maxBytes) return;
      const digest = digestOf(name);
      const running = puts.get(digest);
      if (running !== undefined) return running;
      if (unwritten > 0 && unwritten + bytes.length > MAX_UNWRITTEN) return;
      unwritten += bytes.length;
      const put = keep(digest, bytes)
        .catch(() => held.remove(digest))
        .finally(() => {
          unwritten -= bytes.length;
          puts.delete(digest);
        });
      puts.set(digest, put);
      return put;
    },
  };
}

function digestOf(name: BlockName): string {
  return hash('sha256', blockId(name), 'hex');
}
