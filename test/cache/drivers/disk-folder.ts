import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { BlockCache, BlockName } from '../../../src/cache/block-cache.ts';
import { diskCache } from '../../../src/cache/drivers/disk.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';

export const base = await mkdtemp(join(tmpdir(), 'rangeway-disk-'));
afterAll(() => rm(base, { recursive: true, force: true }));

export const MIB = 1024 * 1024;
export const PAGE = 64 * 1024;

export async function makeCache(maxBytes = 64 * MIB) {
  const folder = join(await mkdtemp(join(base, 'cache-')), 'made', 'by', 'it');
  return { folder, cache: diskCache({ folder, maxBytes }) };
}

/** A little more than three pages. */
export const LENGTH = 3 * PAGE + 1000;
export const BYTES = pseudoRandom(LENGTH);
export const NAME: BlockName = { scope: 's', key: 'k', etag: 'e', blockSize: MIB, index: 0, length: LENGTH };
export const WHOLE = { start: 0, end: LENGTH };

export const nth = (index: number): BlockName => ({ ...NAME, index });
export const put = (cache: BlockCache, index: number) => cache.put(nth(index), BYTES);

/** Whether the block is a hit; fails if a hit has wrong bytes. */
export async function has(cache: BlockCache, name: BlockName, part = WHOLE): Promise<boolean> {
  const bytes = await cache.get(name, part);
  if (bytes === undefined) return false;
  expect(bytes instanceof Uint8Array && equal(bytes, BYTES.subarray(part.start, part.end))).toBe(true);
  return true;
}

/** The absolute paths of all files. */
export async function files(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

/** A cache with one block, and its file. */
export async function withBlock() {
  const { folder, cache } = await makeCache();
  await put(cache, 0);
  const [file, ...others] = await files(folder);
  if (file === undefined || others.length > 0) throw new Error('there has to be one file');
  return { folder, cache, file, content: await readFile(file) };
}
