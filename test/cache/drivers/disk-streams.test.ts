import { open, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BlockCache, BlockName } from '../../../src/cache/block-cache.ts';
import { defaultReader, isReusable, type ChunkReader } from '../../../src/store/chunk-stream.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';
import { MIB, NAME, files, makeCache } from './disk-folder.ts';

const KIB = 1024;

/** Not a multiple of a page, and longer than any chunk. */
const LENGTH = 3 * MIB + 77;
const BYTES = pseudoRandom(LENGTH);

function block(index: number): BlockName {
  return { ...NAME, blockSize: 4 * MIB, index, length: LENGTH };
}

async function withBlocks(count: number, maxBytes = 1024 * MIB) {
  const { folder, cache } = await makeCache(maxBytes);
  for (let index = 0; index < count; index++) await cache.put(block(index), BYTES);
  return { folder, cache };
}

async function openReader(cache: BlockCache, index: number, start = 0, end = LENGTH): Promise<ChunkReader> {
  const body = await cache.get(block(index), { start, end });
  if (!(body instanceof ReadableStream)) throw new Error('it is no stream');
  return defaultReader(body);
}

/** Reads to the end; each chunk is compared before the next read, because its memory is reusable. */
async function readAll(reader: ChunkReader, start = 0, end = LENGTH, onChunk?: (chunk: Uint8Array) => void) {
  for (let at = start; ;) {
    const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
    if (chunk === undefined) {
      expect(at).toBe(end);
      return;
    }
    onChunk?.(chunk);
    expect(equal(chunk, BYTES.subarray(at, at + chunk.length))).toBe(true);
    at += chunk.length;
  }
}

describe('a long slice is returned as a stream', () => {
  test.for([
    [0, LENGTH],
    [0, LENGTH - 1],
    [1, LENGTH],
    [65_535, 65_536 + 300_000],
    [65_536, 65_536 + 262_145],
    [MIB - 1, 2 * MIB + 1],
    [LENGTH - 262_145, LENGTH],
  ] as const)('bytes %i to %i, before its file has settled and after', async ([start, end]) => {
    const { cache } = await withBlocks(1);
    for (let i = 0; i < 4; i++) {
      await readAll(await openReader(cache, 0, start, end), start, end);
      await sleep(25);
    }
  });

  test('through reusable memory: the same few buffers for all blocks', async () => {
    const { cache } = await withBlocks(4);
    const memories = new Set<ArrayBufferLike>();
    let given = 0;
    for (let i = 0; i < 40; i++) {
      await readAll(await openReader(cache, i % 4), 0, LENGTH, (chunk) => {
        if (isReusable(chunk)) memories.add(chunk.buffer);
        else given += chunk.length;
      });
    }
    expect(memories.size).toBeLessThanOrEqual(2);
    // The last chunk belongs to the reader, and is small.
    expect(given).toBeLessThanOrEqual(40 * 4096);
  });

  test('the last chunk is not reusable memory, because many readers do not read once more', async () => {
    const { cache } = await withBlocks(2);
    const reader = await openReader(cache, 0);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < LENGTH; at += chunks.at(-1)?.length ?? 0) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) throw new Error('it ended early');
      chunks.push(chunk);
    }
    await reader.cancel();
    const last = chunks.at(-1) ?? new Uint8Array();
    expect(isReusable(last)).toBe(false);
    for (let i = 0; i < 4; i++) await readAll(await openReader(cache, 1));
    expect(equal(last, BYTES.subarray(LENGTH - last.length))).toBe(true);
  });

  test('that can be read as a web stream', async () => {
    const { cache } = await withBlocks(1);
    const body = await cache.get(block(0), { start: 5, end: LENGTH - 5 });
    if (!(body instanceof ReadableStream)) throw new Error('it is no stream');
    expect(equal(await new Response(body).bytes(), BYTES.subarray(5, LENGTH - 5))).toBe(true);
  });
});

describe('clients that read slowly or disconnect', () => {
  test('100 clients that stopped after a chunk hold at most 256 KiB each, and 4 MiB together', async () => {
    const { cache } = await withBlocks(4);
    const memories = new Set<ArrayBufferLike>();
    const readers: ChunkReader[] = [];
    for (let i = 0; i < 100; i++) {
      const reader = await openReader(cache, i % 4);
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk !== undefined) memories.add(chunk.buffer);
      readers.push(reader);
    }
    // No two of them share a buffer.
    expect(memories.size).toBe(100);
    const held = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(held).toBeLessThanOrEqual(100 * 256 * KIB + 4 * MIB);
    for (const reader of readers) await reader.cancel();
  });

  test('an unread body holds no buffer', async () => {
    const { cache } = await withBlocks(1);
    await readAll(await openReader(cache, 0));
    const before = process.memoryUsage().arrayBuffers;
    const readers = await Promise.all(Array.from({ length: 200 }, () => openReader(cache, 0)));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * MIB);
    for (const reader of readers) await reader.cancel();
  });

  test('the buffer of a client that disconnects is not overwritten, because its bytes may still be in transit', async () => {
    const { cache } = await withBlocks(2);
    const reader = await openReader(cache, 0);
    const chunk = (await reader.read(Number.MAX_SAFE_INTEGER)) ?? new Uint8Array();
    await reader.cancel();
    for (let i = 0; i < 8; i++) await readAll(await openReader(cache, 1, 1000), 1000);
    expect(equal(chunk, BYTES.subarray(0, chunk.length))).toBe(true);
  });

  test('buffers and descriptors are released after many disconnects, also during a read', async () => {
    const { folder, cache } = await withBlocks(2);
    for (let i = 0; i < 50; i++) {
      const reader = await openReader(cache, i % 2);
      if (i % 3 > 0) await reader.read(Number.MAX_SAFE_INTEGER);
      const reading = i % 3 === 2 ? reader.read(Number.MAX_SAFE_INTEGER) : undefined;
      await reader.cancel();
      expect(await reading).toBeUndefined();
    }
    const first = await (await openReader(cache, 0)).read(Number.MAX_SAFE_INTEGER);
    expect(first?.length).toBe(MIB);
    const below = async () => {
      const links = await readdir('/proc/self/fd');
      const targets = await Promise.all(links.map((link) => readlink(join('/proc/self/fd', link)).catch(() => '')));
      return targets.filter((target) => target.startsWith(folder));
    };
    await expect.poll(below).toEqual([]);
  });
});

describe('a block that was changed on disk', () => {
  test('is a miss before the stream begins, for each damaged page', async () => {
    const { folder, cache } = await withBlocks(1);
    const [file = ''] = await files(folder);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from('x!'), 0, 2, LENGTH - 100);
    await handle.close();
    expect(await cache.get(block(0), { start: 0, end: LENGTH })).toBeUndefined();
    expect(await files(folder)).toEqual([]);
  });

  test.for(['removed', 'changed', 'cut'] as const)('makes its stream fail when it is %s', async (how) => {
    const { folder, cache } = await withBlocks(1);
    await sleep(60);
    for (let i = 0; i < 3; i++) await readAll(await openReader(cache, 0));
    const reader = await openReader(cache, 0);
    const first = (await reader.read(Number.MAX_SAFE_INTEGER)) ?? new Uint8Array();
    expect(equal(first, BYTES.subarray(0, first.length))).toBe(true);
    const [file = ''] = await files(folder);
    const handle = await open(file, 'r+');
    if (how === 'removed') await rm(file);
    else if (how === 'cut') await handle.truncate(LENGTH - 5);
    else await handle.write(Buffer.alloc(LENGTH), 0, LENGTH, 1000);
    await handle.close();
    await expect(reader.read(Number.MAX_SAFE_INTEGER)).rejects.toThrow('has left the cache');
    expect(await cache.get(block(0), { start: 0, end: LENGTH })).toBeUndefined();
    expect(await files(folder)).toEqual([]);
  });

  test('releases its buffer: eight failed streams hold none', async () => {
    const { folder, cache } = await withBlocks(1);
    for (let i = 0; i < 8; i++) {
      const reader = await openReader(cache, 0);
      await reader.read(Number.MAX_SAFE_INTEGER);
      await rm((await files(folder))[0] ?? '');
      await expect(reader.read(Number.MAX_SAFE_INTEGER)).rejects.toThrow('has left the cache');
      await cache.put(block(0), BYTES);
    }
    expect(await (await openReader(cache, 0)).read(Number.MAX_SAFE_INTEGER)).toHaveLength(MIB);
  });
});
