import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { diskCache } from '../../../src/cache/drivers/disk.ts';
import { toBytes } from '../../contract/block-cache-blocks.ts';
import { share } from '../../campaigns/share.ts';
import { MIB, NAME, PAGE, WHOLE, files, has, makeCache, nth, put, withBlock } from './disk-folder.ts';

describe('a restart', () => {
  test('finds the stored blocks', async () => {
    const { folder, cache } = await makeCache();
    for (const index of [0, 1, 2]) await put(cache, index);
    const again = diskCache({ folder, maxBytes: 64 * MIB });
    // A hit at once, before the scan of the folder can have ended.
    expect(await has(again, nth(0))).toBe(true);
    await expect.poll(() => again.bytes).toBe(cache.bytes);
    for (const index of [1, 2]) expect(await has(again, nth(index))).toBe(true);
  });

  test('keeps the order of eviction: least recently used first', async () => {
    const { folder, cache } = await makeCache();
    const order = [3, 0, 4, 2, 1];
    for (const index of [0, 1, 2, 3, 4]) {
      const before = new Set(await filesOf(folder));
      await put(cache, index);
      const file = (await files(folder)).find((path) => !before.has(path)) ?? '';
      const second = 1_700_000_000 + order.indexOf(index);
      // The later of the times of reading and writing counts.
      await (index % 2 === 0 ? utimes(file, second, 1_600_000_000) : utimes(file, 1_600_000_000, second));
    }
    const again = diskCache({ folder, maxBytes: (2.5 * cache.bytes) / 5 });
    await again.get({ ...NAME, key: 'nothing' }, WHOLE);
    await expect.poll(() => files(folder)).toHaveLength(2);
    expect(again.bytes).toBe((2 * cache.bytes) / 5);
    const kept = await Promise.all([0, 1, 2, 3, 4].map((index) => has(again, nth(index))));
    expect(kept).toEqual([false, true, true, false, false]);
  });

  test('keeps blocks that were put during the scan rather than those that it found', async () => {
    const { folder, cache } = await makeCache();
    for (const index of [0, 1, 2]) await put(cache, index);
    const again = diskCache({ folder, maxBytes: (2.5 * cache.bytes) / 3 });
    const puts = [put(again, 7), put(again, 8)];
    await Promise.all(puts);
    await expect.poll(() => files(folder)).toHaveLength(2);
    expect([await has(again, nth(7)), await has(again, nth(8))]).toEqual([true, true]);
  });

  test('removes blocks that are larger than the new maxBytes', async () => {
    const { folder, cache } = await makeCache();
    await put(cache, 0);
    const again = diskCache({ folder, maxBytes: PAGE });
    await again.get(nth(1), WHOLE);
    await expect.poll(() => files(folder)).toHaveLength(0);
    expect(again.bytes).toBe(0);
  });

  test('removes temporary files of crashed processes, and no other files', async () => {
    const { folder, cache, file } = await withBlock();
    const hour = Date.now() / 1000 - 3600;
    const written = (pid: number) => `${file}.${pid}-${randomUUID()}-0.tmp`;
    // Of a process that has ended; of one with the id of this process; of a running one, an hour old and new.
    const left = written(await exitedPid());
    const ours = written(process.pid);
    const old = written(process.ppid);
    const fresh = written(process.ppid);
    const foreign = [join(folder, 'README'), join(dirname(file), 'notes.tmp'), join(folder, 'other', 'file')];
    await mkdir(join(folder, 'other'));
    for (const path of [left, ours, old, fresh, ...foreign]) await writeFile(path, 'x');
    for (const path of [old, ...foreign]) await utimes(path, hour, hour);
    const again = diskCache({ folder, maxBytes: 64 * MIB });
    await again.get(nth(1), WHOLE);
    await expect.poll(() => again.bytes).toBe(cache.bytes);
    expect((await files(folder)).toSorted()).toEqual([file, fresh, ...foreign].toSorted());
  });

  async function exitedPid(): Promise<number> {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'close');
    return child.pid ?? Number.NaN;
  }

  async function filesOf(folder: string): Promise<readonly string[]> {
    return stat(folder).then(
      () => files(folder),
      () => [],
    );
  }
});

/** Puts blocks of 1 MiB in a loop, and prints a line for each. */
const WRITER = `
  import { diskCache } from ${JSON.stringify(join(import.meta.dirname, '../../../src/cache/drivers/disk.ts'))};
  const cache = diskCache({ folder: process.argv[1], maxBytes: ${20 * MIB} });
  const name = { scope: 's', key: 'k', etag: 'e', blockSize: 1024 * 1024, length: 1024 * 1024 };
  for (let index = Number(process.argv[2]); ; index++) {
    await Promise.all([0, 1, 2].map((i) => cache.put({ ...name, index: 3 * index + i }, new Uint8Array(1024 * 1024).fill(3 * index + i))));
    console.log(index);
  }
`;

const KILLED = { timeout: 300_000 };

/** How many times the process is killed. */
const KILLS = share(48);

/** The difference between the first rounds of two writers. */
const ROUNDS = 100;

/** The limit of the writer's folder, in bytes. */
const BOUND = 20 * MIB;

test('a process that is killed while it writes leaves only right blocks, within maxBytes', KILLED, async () => {
  const { folder } = await makeCache();
  for (let crash = 0; crash < KILLS; crash++) {
    const args = ['--input-type=module', '-e', WRITER, folder, String(crash * ROUNDS)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for (let lines = 0; lines < 8; lines++) await once(child.stdout, 'data');
    // At any moment of a round, which takes some milliseconds.
    await sleep(Math.random() * 8);
    child.kill('SIGKILL');
    await once(child, 'close');
    const sizes = await Promise.all((await files(folder)).map(async (path) => (await stat(path)).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BOUND);
  }
  const paths = await files(folder);
  for (const path of paths) await utimes(path, 1, 1);
  const cache = diskCache({ folder, maxBytes: 64 * MIB });
  let hits = 0;
  for (let index = 0; index < 3 * ROUNDS * KILLS; index++) {
    const bytes = await toBytes(await cache.get({ ...NAME, index, length: MIB }, { start: 0, end: MIB }));
    if (bytes === undefined) continue;
    hits++;
    expect(bytes.every((byte) => byte === index % 256)).toBe(true);
  }
  expect(hits).toBeGreaterThan(2);
  await expect.poll(async () => (await files(folder)).filter((path) => path.endsWith('.tmp'))).toEqual([]);
});
