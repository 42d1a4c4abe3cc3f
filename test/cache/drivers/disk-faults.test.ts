import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { diskCache } from '../../../src/cache/drivers/disk.ts';
import { LENGTH, MIB, NAME, WHOLE, base, files, has, makeCache, nth, put, withBlock } from './disk-folder.ts';

describe('a cache folder that', () => {
  test('is removed while the cache is in use is created again', async () => {
    const { folder, cache } = await makeCache();
    await put(cache, 0);
    await rm(folder, { recursive: true });
    expect(await has(cache, NAME)).toBe(false);
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(true);
    await rm(folder, { recursive: true });
    await put(cache, 1);
    expect([await has(cache, nth(0)), await has(cache, nth(1))]).toEqual([false, true]);
  });

  test('is removed repeatedly during gets and puts makes none of them fail', async () => {
    const { folder, cache } = await makeCache(10 * LENGTH);
    const removing = (async () => {
      for (let i = 0; i < 30; i++)
        await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    })();
    for (let i = 0; i < 40; i++) {
      await Promise.all([put(cache, i), put(cache, i + 1), has(cache, nth(i)), has(cache, nth(i - 1))]);
    }
    await removing;
    await put(cache, 99);
    expect(await has(cache, nth(99))).toBe(true);
  });

  test('is a file stores nothing', async () => {
    const folder = join(await mkdtemp(join(base, 'file-')), 'file');
    await writeFile(folder, 'x');
    const cache = diskCache({ folder, maxBytes: MIB });
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(false);
    expect(cache.bytes).toBe(0);
    expect(await readFile(folder, 'utf8')).toBe('x');
  });

  test('is read-only keeps its blocks and stores no more', async () => {
    const { folder, cache, file } = await withBlock();
    await asNobody(folder, async () => {
      await Promise.all([1, 2, 3].map((index) => put(cache, index)));
      expect(await has(cache, nth(1))).toBe(false);
      expect(await has(cache, NAME)).toBe(true);
    });
    expect(await files(folder)).toEqual([file]);
  });

  test('is readable and writable only by its user', async () => {
    const { folder, file } = await withBlock();
    const modes = await Promise.all([folder, dirname(file), file].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o700, 0o700, 0o600]);
  });
});

/** Mounting needs root and its capability; the tests are skipped without them. */
const small = await mountSmall();
afterAll(async () => {
  // Idle descriptors are closed after a while.
  if (small !== undefined) await vi.waitFor(() => execFileSync('umount', [small], { stdio: 'ignore' }));
});

describe.skipIf(small === undefined)('a full disk', () => {
  test('stores the blocks that fit, leaves no temporary files, and stores again when there is space', async () => {
    const folder = join(small ?? '', 'cache');
    const cache = diskCache({ folder, maxBytes: 64 * MIB });
    const indices = Array.from({ length: 20 }, (_, index) => index);
    for (const index of indices) await put(cache, index);
    const kept = await Promise.all(indices.map((index) => has(cache, nth(index))));
    const count = kept.filter(Boolean).length;
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThan(12);
    expect(await files(folder)).toHaveLength(count);
    await Promise.all(indices.map((index) => put(cache, 100 + index)));
    expect((await files(folder)).filter((path) => path.endsWith('.tmp'))).toEqual([]);
    await rm(folder, { recursive: true });
    await put(cache, 50);
    expect(await has(cache, nth(50))).toBe(true);
  });
});

async function mountSmall(): Promise<string | undefined> {
  const folder = await mkdtemp(join(base, 'small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

describe('processes that share a folder', () => {
  test("find each other's blocks", async () => {
    const { folder, cache } = await makeCache();
    const other = diskCache({ folder, maxBytes: 64 * MIB });
    expect(await has(other, NAME)).toBe(false);
    await put(cache, 0);
    expect(await has(other, NAME)).toBe(true);
    expect(other.bytes).toBe(cache.bytes);
  });

  test('get misses or the right bytes while each evicts blocks of the other', async () => {
    const { folder, cache } = await makeCache(3.5 * LENGTH);
    const caches = [cache, diskCache({ folder, maxBytes: 2.5 * LENGTH })];
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        caches.flatMap((each, i) => [
          put(each, round % 5),
          put(each, (round + i) % 7),
          has(each, nth((round + 3) % 7), { start: round * 1000, end: LENGTH - round * 900 }),
          has(each, nth((round + 1 + i) % 7)),
        ]),
      );
    }
    expect((await files(folder)).filter((path) => path.endsWith('.tmp'))).toEqual([]);
  });
});

describe('bounds', () => {
  test('the files never exceed maxBytes, and the reported size is the size on disk', async () => {
    const maxBytes = 5 * LENGTH;
    const { folder, cache } = await makeCache(maxBytes);
    await cache.get(NAME, WHOLE);
    for (let round = 0; round < 10; round++) {
      await Promise.all([0, 1, 2, 3].map((i) => put(cache, (round * 3 + i) % 11)));
      await expect.poll(async () => (await roomOf(folder)) === cache.bytes).toBe(true);
      expect(cache.bytes).toBeLessThanOrEqual(maxBytes);
    }
  });

  test('a block that is evicted while it is written leaves no file', async () => {
    const { folder, cache } = await makeCache(1.5 * LENGTH);
    await Promise.all(Array.from({ length: 30 }, (_, index) => put(cache, index)));
    await expect.poll(() => files(folder)).toHaveLength(1);
    expect(await has(cache, nth(29))).toBe(true);
  });

  test('at most 64 MiB of blocks wait for the disk; further blocks are not stored', async () => {
    const { cache } = await makeCache(1024 * MIB);
    const length = 4 * MIB;
    const bytes = new Uint8Array(length);
    const name = (index: number) => ({ ...NAME, index, length });
    const indices = Array.from({ length: 24 }, (_, index) => index);
    await Promise.all(indices.map((index) => cache.put(name(index), bytes)));
    const kept = await Promise.all(
      indices.map(async (index) => (await cache.get(name(index), { start: 0, end: 1 })) !== undefined),
    );
    expect(kept).toEqual(indices.map((index) => index < 16));
    await cache.put(name(20), bytes);
    expect(await cache.get(name(20), { start: 0, end: 1 })).toBeDefined();
  });

  test('a block that is put many times at once is queued once', async () => {
    const { cache } = await makeCache();
    const bytes = new Uint8Array(4 * MIB);
    const names = [0, 1].map((index) => Object.assign(nth(index), { length: bytes.length }));
    await Promise.all(
      [...Array.from({ length: 20 }, () => names[0] ?? NAME), names[1] ?? NAME].map((name) => cache.put(name, bytes)),
    );
    for (const name of names) expect(await cache.get(name, { start: 0, end: 1 })).toBeDefined();
  });

  async function roomOf(folder: string): Promise<number> {
    const stats = await Promise.all((await files(folder)).map((path) => stat(path)));
    return stats.reduce((sum, { size }) => sum + Math.ceil(size / 4096) * 4096, 0);
  }
});

/** Root can write every file, so as root the test switches to a user with read permission only. */
async function asNobody(folder: string, run: () => Promise<void>): Promise<void> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of paths) await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
  for (let path = folder; path !== base; path = dirname(path)) await chmod(path, 0o555);
  await chmod(base, 0o755);
  if (process.geteuid?.() === 0) process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    if (process.getuid?.() === 0) process.seteuid?.(0);
    for (const entry of [folder, ...paths.map((path) => join(path.parentPath, path.name))]) await chmod(entry, 0o755);
  }
}
