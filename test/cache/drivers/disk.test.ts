import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { DiskCache } from '../../../src/cache/drivers/disk.ts';
import { pseudoRandom } from '../../contract/bytes.ts';
import { describeBlockCache } from '../../contract/block-cache.ts';
import { LENGTH, MIB, NAME, PAGE, files, has, makeCache, put, withBlock } from './disk-folder.ts';

describeBlockCache('disk', makeCache, async (maxBytes) => (await makeCache(maxBytes)).cache);

describe('a damaged file is a miss, and removed:', () => {
  const damages: readonly (readonly [string, (file: string, content: Buffer) => Promise<unknown>])[] = [
    ['cut by a byte', (file, content) => truncate(file, content.length - 1)],
    ['cut within its head', (file) => truncate(file, 20)],
    ['empty', (file) => truncate(file, 0)],
    ['longer by a byte', (file, content) => writeFile(file, Buffer.concat([content, Buffer.of(0)]))],
    ['zeros of its length', (file, content) => writeFile(file, Buffer.alloc(content.length))],
    ['text', (file) => writeFile(file, 'something else')],
    [
      'another block, of the same length',
      async (file) => {
        const { file: other } = await withOther();
        await copyFile(other, file);
      },
    ],
  ];
  test.for(damages)('%s', async ([, damage]) => {
    const { cache, file, content } = await withBlock();
    await damage(file, content);
    expect(await cache.get(NAME, { start: 0, end: 1 })).toBeUndefined();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect(cache.bytes).toBe(0);
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(true);
  });

  async function withOther() {
    const { folder, cache } = await makeCache();
    await cache.put({ ...NAME, etag: 'other' }, pseudoRandom(LENGTH));
    const [file = ''] = await files(folder);
    return { file };
  }

  test('a changed byte makes slices of its page misses, and all slices if it is in the header', async () => {
    const { cache, file, content } = await withBlock();
    const head = content.length - LENGTH;
    const cases = fc.record({
      at: fc.oneof(fc.nat(head - 1), fc.nat(content.length - 1)),
      flip: fc.integer({ min: 1, max: 255 }),
      a: fc.nat(LENGTH - 1),
      b: fc.nat(LENGTH - 1),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ at, flip, a, b }) => {
        const changed = Buffer.from(content);
        changed.writeUInt8(changed.readUInt8(at) ^ flip, at);
        await writeFile(file, changed);
        const part = { start: Math.min(a, b), end: Math.max(a, b) + 1 };
        const page = Math.floor((at - head) / PAGE);
        const touched = page >= Math.floor(part.start / PAGE) && page <= Math.floor((part.end - 1) / PAGE);
        const found = at < head || touched;
        expect(await has(cache, NAME, part)).toBe(!found);
        expect((await files(dirname(file))).length).toBe(found ? 0 : 1);
      }),
      { numRuns: 200 },
    );
  });

  test('a symbolic link to anything', async () => {
    const { folder, cache, file } = await withBlock();
    await rename(file, join(folder, 'moved'));
    await symlink(join(folder, 'moved'), file);
    expect(await has(cache, NAME)).toBe(false);
  });

  test('a named pipe, without waiting for its writer', async () => {
    const { cache, file } = await withBlock();
    await rm(file);
    execFileSync('mkfifo', [file]);
    expect(await has(cache, NAME)).toBe(false);
  });

  test('a folder, which is not removed', async () => {
    const { cache, file } = await withBlock();
    await rm(file);
    await mkdir(join(file, 'sub'), { recursive: true });
    expect(await has(cache, NAME)).toBe(false);
    await put(cache, 0);
    expect(await has(cache, NAME)).toBe(false);
    expect((await readdir(file)).length).toBe(1);
    expect((await readdir(dirname(file))).length).toBe(1);
  });
});

test('a Node without CRC-32 uses other checksums, and treats files with CRC-32 as damaged', async () => {
  const { folder, cache } = await makeCache();
  await put(cache, 0);
  const zlib = (await import('node:zlib')).default;
  const { crc32 } = zlib;
  vi.resetModules();
  Reflect.deleteProperty(zlib, 'crc32');
  try {
    const { diskCache: without } = await import('../../../src/cache/drivers/disk.ts');
    const old: DiskCache = without({ folder, maxBytes: 64 * MIB });
    expect(await has(old, NAME)).toBe(false);
    await put(old, 0);
    expect(await has(old, NAME)).toBe(true);
  } finally {
    zlib.crc32 = crc32;
  }
  expect(await has(cache, NAME)).toBe(false);
});
