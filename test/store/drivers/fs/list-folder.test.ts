import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fsStore, type FsStoreOptions } from '../../../../src/store/drivers/fs/fs-store.ts';
import { describeListableStore } from '../../../contract/listable-store.ts';

const base = await mkdtemp(join(tmpdir(), 'rangeway-list-'));
afterAll(() => rm(base, { recursive: true }));

async function folder(options: FsStoreOptions = {}) {
  const root = await mkdtemp(join(base, 'store-'));
  return {
    root,
    store: fsStore(root, options),
    async put(key: string, bytes: Uint8Array | string) {
      await mkdir(dirname(join(root, key)), { recursive: true });
      await writeFile(join(root, key), bytes);
    },
  };
}

const namesOf = ({ objects, prefixes }: Awaited<ReturnType<ReturnType<typeof fsStore>['list']>>) => [
  ...prefixes,
  ...objects.map(({ key }) => key),
];

describeListableStore('fs', folder, 100_000);

describe('a listing of a folder', () => {
  test('has no hidden names, unless they are served', async () => {
    for (const hidden of [false, true]) {
      const { store, put } = await folder({ hidden });
      for (const key of ['.env', '.git/config', '.well-known/x', 'a/.b', 'a/c']) await put(key, '');
      const keys = hidden ? ['.env', '.git/config', '.well-known/x', 'a/.b', 'a/c'] : ['.well-known/x', 'a/c'];
      expect(namesOf(await store.list(''))).toEqual(keys);
      expect(namesOf(await store.list('.git/'))).toEqual(hidden ? ['.git/config'] : []);
    }
  });

  test.each(['../', '..', 'a/../../', './', 'a//', '/', '\0', 'a/\0/', '../store-x/'])(
    'never leaves it by %j',
    async (prefix) => {
      const { store, put } = await folder();
      await put('a/b', '');
      await writeFile(join(base, 'outside'), '');
      expect(namesOf(await store.list(prefix))).toEqual([]);
      expect(namesOf(await store.list(prefix, { delimiter: '/' }))).toEqual([]);
    },
  );

  test('follows links to files and folders inside, and no others', async () => {
    const { root, store, put } = await folder();
    await put('real/file', 'x');
    await put('.secret/key', 'x');
    await writeFile(join(base, 'outside.txt'), '');
    await symlink(join(root, 'real/file'), join(root, 'link'));
    await symlink(join(root, 'real'), join(root, 'folder'));
    await symlink(join(base, 'outside.txt'), join(root, 'out'));
    await symlink(base, join(root, 'up'));
    await symlink(join(root, '.secret'), join(root, 'hidden'));
    await symlink(join(root, 'nowhere'), join(root, 'dead'));
    await symlink(root, join(root, 'real/circle'));
    expect(namesOf(await store.list('', { delimiter: '/' }))).toEqual(['folder/', 'real/', 'link']);
    const all = namesOf(await store.list(''));
    expect(all).toEqual(['folder/file', 'link', 'real/file']);
    for (const key of all) expect(await store.head(key)).toBeDefined();
  });

  test('has every key that it lists', async () => {
    const { store, put } = await folder();
    for (const key of ['a', 'b c/d', 'e\u0301/%2F']) await put(key, 'x');
    for (const key of namesOf(await store.list(''))) expect(await store.head(key), key).toMatchObject({ size: 1 });
  });
});
