import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { open, readdir, readlink, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BlockCache, BlockName } from '../../../src/cache/block-cache.ts';
import { verifiedPages } from '../../../src/cache/drivers/verified-pages.ts';
import { diskCache } from '../../../src/cache/drivers/disk.ts';
import { newBuffer, openBlock } from '../../../src/cache/drivers/open-block.ts';
import { toBytes } from '../../contract/block-cache-blocks.ts';
import { pseudoRandom } from '../../contract/bytes.ts';
import { LENGTH, MIB, NAME, PAGE, files, has, makeCache, nth, put, withBlock } from './disk-folder.ts';

/** In ms. A change of a file this long after another one has a different timestamp on each tested file system. */
const SETTLED = 60;

/** A block with all pages verified by the cache, and its descriptor open. */
async function withCheckedBlock() {
  const made = await withBlock();
  await sleep(SETTLED);
  for (let i = 0; i < 2; i++) expect(await has(made.cache, NAME)).toBe(true);
  return made;
}

/** Overwrites bytes of a file in place, as another program would. */
async function overwrite(file: string, at: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/** The files below a folder that this process has open; removed ones end with " (deleted)". */
async function openBelow(folder: string): Promise<readonly string[]> {
  const links = await readdir('/proc/self/fd');
  const targets = await Promise.all(links.map((link) => readlink(join('/proc/self/fd', link)).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder));
}

describe('the checksum of a page is verified once', () => {
  let summed = 0;
  beforeEach(() => {
    summed = 0;
    const { crc32 } = zlib;
    vi.spyOn(zlib, 'crc32').mockImplementation((data, value) => {
      summed += Buffer.byteLength(data);
      return crc32(data, value);
    });
  });
  afterEach(() => vi.restoreAllMocks());

  test('as long as its file is unchanged', async () => {
    const { cache } = await withCheckedBlock();
    summed = 0;
    for (let start = 0; start < LENGTH; start += 5_000)
      expect(await has(cache, NAME, { start, end: Math.min(LENGTH, start + 70_000) })).toBe(true);
    expect(summed).toBe(0);
  });

  test('also for more blocks than descriptors may be open', async () => {
    const { cache } = await makeCache(1024 * MIB);
    const names = Array.from({ length: 300 }, (_, index): BlockName => ({ ...NAME, index, length: 500 }));
    for (const name of names) await cache.put(name, new Uint8Array(500));
    await sleep(SETTLED);
    const part = { start: 9, end: 99 };
    for (const name of names) expect(await cache.get(name, part)).toHaveLength(90);
    summed = 0;
    for (const name of names) expect(await cache.get(name, part)).toHaveLength(90);
    expect(summed).toBe(0);
  });

  test('even if its descriptor was closed in between', async () => {
    const { folder, cache } = await withCheckedBlock();
    await expect.poll(() => openBelow(folder)).toEqual([]);
    summed = 0;
    expect(await has(cache, NAME)).toBe(true);
    expect(summed).toBe(0);
  });

  test('and once again after its file was touched', async () => {
    const { cache, file, content } = await withCheckedBlock();
    summed = 0;
    await overwrite(file, content.length - 1, content.subarray(-1));
    expect(await has(cache, NAME)).toBe(true);
    expect(summed).toBeGreaterThanOrEqual(LENGTH);
    await sleep(SETTLED);
    for (let i = 0; i < 3; i++) await has(cache, NAME);
    summed = 0;
    expect(await has(cache, NAME)).toBe(true);
    expect(summed).toBe(0);
  });

  test.for([
    ['a moment after its last change, in whose tick another one would not show', 5],
    ['before its last change, as after a clock was set back', -3_600_000],
  ] as const)('each time %s', async ([, age]) => {
    const { cache, file } = await withBlock();
    const { ctimeMs } = await stat(file);
    vi.spyOn(Date, 'now').mockReturnValue(ctimeMs + age);
    for (let i = 0; i < 4; i++) {
      summed = 0;
      expect(await has(cache, NAME)).toBe(true);
      expect(summed).toBeGreaterThanOrEqual(LENGTH);
    }
  });

  test('after a longer delay if the file system has timestamps of whole seconds', () => {
    const stats = Object.assign(statSync(import.meta.filename), { ctimeMs: 1_700_000_000_000 });
    const pages = verifiedPages(stats, new Uint32Array(1));
    const settled = (age: number) => {
      vi.spyOn(Date, 'now').mockReturnValue(stats.ctimeMs + age);
      return pages.isSettled(stats);
    };
    expect([settled(1_999), settled(2_100)]).toEqual([false, true]);
  });
});

describe('a file that changes after its pages were verified is detected:', () => {
  test.for([0, 50, 5_000, LENGTH - 1])('a bit flipped at byte %i of the file', async (at) => {
    const { cache, file, content } = await withCheckedBlock();
    await overwrite(file, at, Uint8Array.of((content[at] ?? 0) ^ 0x10));
    expect(await has(cache, NAME)).toBe(false);
    await expect(stat(file)).rejects.toThrow('ENOENT');
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(true);
  });

  test.for([0, 20, PAGE, LENGTH])('cut to %i bytes', async (length) => {
    const { cache, file } = await withCheckedBlock();
    await truncate(file, length);
    expect(await has(cache, NAME, { start: 0, end: 16 })).toBe(false);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('two blocks with swapped names', async () => {
    const { folder, cache, file } = await withCheckedBlock();
    const bytes = pseudoRandom(LENGTH + 1).subarray(1);
    const other = { ...NAME, etag: 'other' };
    await cache.put(other, bytes);
    await sleep(SETTLED);
    const readOther = async () => toBytes(await cache.get(other, { start: 3, end: 99 }));
    for (let i = 0; i < 3; i++) expect(await readOther()).toEqual(new Uint8Array(bytes.subarray(3, 99)));
    const otherFile = (await files(folder)).find((path) => path !== file) ?? '';
    await rename(file, join(folder, 'x'));
    await rename(otherFile, file);
    await rename(join(folder, 'x'), otherFile);
    expect([await has(cache, NAME), await readOther()]).toEqual([false, undefined]);
    expect(await files(folder)).toEqual([]);
  });

  test('replaced by another process: with random bytes, then with the same block', async () => {
    const { folder, cache, file, content } = await withCheckedBlock();
    await writeFile(join(folder, 'rubbish'), Buffer.alloc(content.length, 1));
    execFileSync('mv', [join(folder, 'rubbish'), file]);
    expect(await has(cache, NAME)).toBe(false);
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(true);
    await writeFile(join(folder, 'good'), content);
    execFileSync('mv', [join(folder, 'good'), file]);
    expect(await has(cache, NAME)).toBe(true);
    expect(await openBelow(folder)).toEqual([file]);
  });
});

describe('file descriptors', () => {
  test('stay open between reads', async () => {
    const { folder, file } = await withCheckedBlock();
    expect(await openBelow(folder)).toEqual([file]);
  });

  test('of a file that another process removed are closed by the next read, or by the idle timeout', async () => {
    const { folder, cache, file } = await withCheckedBlock();
    execFileSync('rm', [file]);
    expect(await has(cache, NAME)).toBe(false);
    await expect.poll(() => openBelow(folder)).toEqual([]);
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(true);
    execFileSync('rm', [file]);
    await expect.poll(() => openBelow(folder)).toEqual([]);
  });

  test('of an evicted block are closed at once, not only by the idle timeout', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { folder, cache } = await makeCache(1.5 * LENGTH);
    for (let index = 0; index < 10; index++) {
      await put(cache, index);
      expect(await has(cache, nth(index))).toBe(true);
    }
    await expect.poll(async () => (await openBelow(folder)).length).toBe(1);
    vi.useRealTimers();
  });

  test('are not closed during a read, and not read after they may be closed', async () => {
    const { cache, file, content } = await withBlock();
    expect(await has(cache, NAME)).toBe(true);
    const block = await openBlock(file, basename(file), LENGTH, undefined);
    if (typeof block === 'string') throw new Error(block);
    const reading = block.read({ start: 1, end: LENGTH }, newBuffer);
    const closed = block.close();
    expect(await block.read({ start: 1, end: LENGTH }, newBuffer)).toBe('changed');
    expect(await reading).toEqual(new Uint8Array(content.subarray(content.length - LENGTH + 1)));
    await Promise.all([closed, block.close()]);
    expect(await block.read({ start: 1, end: LENGTH }, newBuffer)).toBe('changed');
  });

  test('of a block that is put again while it is read belong to the old file or the new one', async () => {
    const { folder, cache } = await withCheckedBlock();
    for (let i = 0; i < 20; i++) {
      await Promise.all([put(cache, 0), ...Array.from({ length: 10 }, () => has(cache, NAME))]);
      expect(await has(cache, NAME)).toBe(true);
    }
    await expect.poll(() => openBelow(folder)).toEqual([]);
  });

  test('are at most 256 for any number of parallel reads, and every byte is right', async () => {
    const { folder, cache } = await makeCache(1024 * MIB);
    const count = 700;
    const name = (index: number): BlockName => ({ ...NAME, index, length: 500 });
    for (let index = 0; index < count; index++) await cache.put(name(index), new Uint8Array(500).fill(index));
    const isRight = async (index: number) => {
      const bytes = await toBytes(await cache.get(name(index), { start: 1, end: 500 }));
      return bytes?.length === 499 && bytes.every((byte) => byte === index % 256);
    };
    const done = new AbortController();
    let most = 0;
    const watching = (async () => {
      while (!done.signal.aborted) most = Math.max(most, (await openBelow(folder)).length);
    })();
    for (let round = 0; round < 4; round++) {
      const reads = Array.from({ length: count }, (_, i) => isRight((i * 9 + round) % count));
      expect(await Promise.all(reads)).not.toContain(false);
    }
    done.abort();
    await watching;
    expect(most).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(256);
  });
});

/** Two processes that put and read the same blocks, in a folder too small for all of them. */
const OTHER = `
  import { diskCache } from ${JSON.stringify(join(import.meta.dirname, '../../../src/cache/drivers/disk.ts'))};
  const cache = diskCache({ folder: process.argv[1], maxBytes: ${4 * MIB} });
  const name = { scope: 's', key: 'k', etag: 'e', blockSize: ${MIB}, length: ${MIB} };
  for (let round = 0; ; round++) {
    const index = round % 8;
    await cache.put({ ...name, index }, new Uint8Array(${MIB}).fill(index + 1));
    await cache.get({ ...name, index: (index + 3) % 8 }, { start: 0, end: 100 });
    if (round === 8) console.log('ready');
  }
`;

test('blocks that another process puts and removes at the same time are right, fail, or are misses', async () => {
  const { folder, cache } = await makeCache(6 * MIB);
  const name = (index: number): BlockName => ({ ...NAME, index, length: MIB });
  const child = spawn(process.execPath, ['--input-type=module', '-e', OTHER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  let hits = 0;
  const read = async (cacheOf: BlockCache, index: number, start: number, end: number) => {
    const bytes = await toBytes(await cacheOf.get(name(index), { start, end })).catch(() => undefined);
    if (bytes === undefined) return;
    hits++;
    expect(bytes.length).toBe(end - start);
    expect(bytes.every((byte) => byte === index + 1)).toBe(true);
  };
  for (let round = 0; round < 150; round++) {
    const index = round % 8;
    await Promise.all([
      read(cache, index, 0, MIB),
      read(cache, (index + 1) % 8, round * 100, round * 100 + 70_000),
      read(cache, (index + 5) % 8, MIB - 16, MIB),
      cache.put(name((index + 2) % 8), new Uint8Array(MIB).fill(((index + 2) % 8) + 1)),
    ]);
  }
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(hits).toBeGreaterThan(50);
  const again = diskCache({ folder, maxBytes: 64 * MIB });
  for (let index = 0; index < 8; index++) await read(again, index, 0, MIB);
});
