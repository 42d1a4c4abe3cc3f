import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import { errorCode } from '../../base/error-code.ts';
import { semaphore } from '../../base/semaphore.ts';
import type { BlockCache, BlockName, CachedBytes } from '../block-cache.ts';
import { spanLength, type Span } from '../../http/index.ts';
import { blockId } from './block-id.ts';
import { writeBlockFile } from './block-file.ts';
import { blockPath } from './block-folder.ts';
import { CHUNK, blockStream, chunkBufferPool } from './block-stream.ts';
import { blockIndex, diskUsage } from './block-index.ts';
import { newBuffer, type BufferSource } from './open-block.ts';
import { openBlockCache } from './open-block-cache.ts';

/** The settings of {@link diskCache}. */
export interface DiskCacheOptions {
  /** The path of a folder, created if it does not exist. Only the cache's own files in it are removed. */
  readonly folder: string;
  /** Limit for all files together, in bytes, at least 1. The size of each file is rounded up to 4 KiB. */
  readonly maxBytes: number;
}

/** A cache in a folder. */
export interface DiskCache extends BlockCache {
  /** Size of all blocks that the cache knows of, in bytes, counted as for `maxBytes`. */
  readonly bytes: number;
}

/** Maximum number of files in use. Node makes 4 file operations at a time by default, so more would only wait. */
const OPEN_FILES = 16;

/** Byte budget of blocks that wait to be written. If the disk is slower than the storage, further blocks are not cached. */
const MAX_UNWRITTEN = 64 * 1024 * 1024;

/**
 * Creates a cache in a folder of a local disk, which survives restarts.
 *
 * It never throws on a disk error: a block that can't be read is a miss, and a block that can't be written is not cached.
 * The first call starts a scan in the background, which finds the blocks in the folder and removes temporary files of
 * crashed processes; blocks that are put are written after it. Processes may share a folder and find each other's blocks.
 * Each process applies `maxBytes` to the blocks that it found or put itself, so together they may exceed it.
 *
 * @throws TypeError if `maxBytes` is not a whole number above 0
 *
 * @example
 * import { createGateway, diskCache, fsStore, serve } from 'rangeway/node';
 *
 * const cache = diskCache({ folder: '/var/cache/rangeway', maxBytes: 100 * 1024 ** 3 });
 * await serve(createGateway({ store: fsStore('/srv/files'), cache }), { port: 8080 });
 */
export function diskCache({ folder: givenFolder, maxBytes }: DiskCacheOptions): DiskCache {
  // Resolved now, because the process may change its working directory.
  const folder = resolve(givenFolder);
  const openFiles = semaphore(OPEN_FILES);
  const blocks = openBlockCache(folder, openFiles);
  const index = blockIndex(folder, maxBytes, openFiles, (digest) => blocks.drop(digest));
  const buffers = chunkBufferPool();
  const puts = new Map<string, Promise<void>>();
  let unwrittenBytes = 0;
  let scan: Promise<void> | undefined;

  async function write(digest: string, bytes: Uint8Array): Promise<void> {
    // Without the scan, the files of earlier runs would not count for the limit, and the folder would grow past it.
    await scan;
    await index.add(digest, bytes.length);
    const writeFile = () => openFiles.run(() => writeBlockFile(blockPath(folder, digest), digest, bytes));
    await writeFile().catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOSPC') throw error;
      // A file that another process removed takes disk space as long as it is open here.
      await blocks.closeRemoved();
      await writeFile();
    });
    blocks.drop(digest);
    // The block was evicted during the write, before its file existed.
    if (!index.has(digest)) await index.remove(digest);
  }

  /** Reads a part of a block. A part longer than a chunk is verified, then streamed; the stream may break. */
  async function read(digest: string, length: number, part: Span): Promise<CachedBytes | 'missing' | 'damaged'> {
    if (spanLength(part) <= CHUNK) return blocks.read(digest, length, part, newBuffer);
    let buffer: Uint8Array | undefined;
    const allocate = () => (buffer ??= buffers.acquire());
    const result = await blocks.verify(digest, length, part, CHUNK, allocate).finally(() => {
      if (buffer !== undefined) buffers.release(buffer);
    });
    return result === 'verified'
      ? blockStream(part, (chunk, source) => readChunk(digest, length, chunk, source), buffers)
      : result;
  }

  /** @throws Error if the cache does not have the block any more */
  async function readChunk(digest: string, length: number, part: Span, allocate: BufferSource): Promise<Uint8Array> {
    index.touch(digest);
    const result = await blocks.read(digest, length, part, allocate);
    if (typeof result !== 'string') return result;
    await removeMissed(digest, result);
    throw new Error('a block has left the cache while it was read');
  }

  async function removeMissed(digest: string, reason: 'missing' | 'damaged'): Promise<void> {
    // A put in progress is in the index already, and will write a whole file.
    if (puts.has(digest)) return;
    if (reason === 'damaged') await index.remove(digest);
    else index.forget(digest);
  }

  return {
    get bytes() {
      return index.bytes;
    },
    async get(name, part) {
      scan ??= index.scan();
      const digest = digestOf(name);
      // Before the read, so that the block is not the next to be evicted.
      index.touch(digest);
      const result = await read(digest, name.length, part).catch(() => undefined);
      if (result === undefined) return undefined;
      if (typeof result === 'string') {
        await removeMissed(digest, result);
        return undefined;
      }
      // Another process has put the block, or the scan has not found it yet.
      if (!index.has(digest) && diskUsage(name.length) <= maxBytes) void index.add(digest, name.length);
      return result;
    },
    has: (name) => index.has(digestOf(name)),
    async put(name, bytes) {
      scan ??= index.scan();
      if (bytes.length !== name.length || diskUsage(name.length) > maxBytes) return;
      const digest = digestOf(name);
      const running = puts.get(digest);
      if (running !== undefined) return running;
      if (unwrittenBytes > 0 && unwrittenBytes + bytes.length > MAX_UNWRITTEN) return;
      unwrittenBytes += bytes.length;
      const put = write(digest, bytes)
        .catch(() => index.remove(digest))
        .finally(() => {
          unwrittenBytes -= bytes.length;
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
