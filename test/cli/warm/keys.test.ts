import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileKeys, folderKeys, type KeySource } from '../../../src/cli/warm/keys.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rangeway-keys-'));
});
afterAll(() => rm(home, { recursive: true }));

async function all({ keys, total }: KeySource) {
  const list: string[] = [];
  for await (const key of keys) list.push(key);
  return { keys: list, total };
}

test('a file has a key a line: empty lines, a slash at the start, CRLF and a BOM are left out', async () => {
  const file = join(home, 'keys.txt');
  await writeFile(file, '\uFEFF/a.bin\r\n\r\nb c/d.bin\n\n/\nä.bin');
  expect(await all(await fileKeys(file))).toEqual({ keys: ['a.bin', 'b c/d.bin', 'ä.bin'], total: 3 });
});

test('a file of 100,000 keys', async () => {
  const file = join(home, 'many.txt');
  await writeFile(file, Array.from({ length: 100_000 }, (_, i) => `k${i}`).join('\n'));
  const { keys, total } = await all(await fileKeys(file));
  expect([keys.length, total, keys.at(-1)]).toEqual([100_000, 100_000, 'k99999']);
});

test.for([
  ['none.txt', /there is no such file/],
  ['.', /this is a folder, and a file is needed/],
] as const)('%s is refused', async ([name, message]) => {
  await expect(fileKeys(join(home, name))).rejects.toThrow(message);
});

test('a folder is listed below a prefix, without hidden files', async () => {
  const folder = join(home, 'folder');
  for (const key of ['b/2.bin', 'b/1.bin', 'ba.bin', 'c.bin', 'b/.hidden']) {
    await mkdir(join(folder, key, '..'), { recursive: true });
    await writeFile(join(folder, key), '');
  }
  expect(await all(await folderKeys(folder, 'b/'))).toEqual({ keys: ['b/1.bin', 'b/2.bin'], total: 2 });
  expect(await all(await folderKeys(folder, ''))).toMatchObject({ total: 4 });
});
