import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fsStore, type FsStoreOptions } from '../../../../src/store/drivers/fs/fs-store.ts';
import type { OpenObject } from '../../../../src/store/object-store.ts';
import { describeContentTypes } from '../../../contract/content-types.ts';
import { describeObjectStore } from '../../../contract/object-store.ts';

const base = await mkdtemp(join(tmpdir(), 'rangeway-fs-'));
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

// Hidden names are served here, because the contract has keys that begin with a dot.
describeObjectStore('fs', () => folder({ hidden: true }));

describeContentTypes(
  'fs',
  async () => {
    const { store, put } = await folder({ hidden: true });
    return { store, put: (key) => put(key, 'abc') };
  },
  { storesNone: true, ofUnknown: 'application/octet-stream' },
);

describe('nothing outside the folder is read', () => {
  const secret = join(base, 'secret.txt');

  test.for([
    '../secret.txt',
    '..//secret.txt',
    'sub/../../secret.txt',
    './../secret.txt',
    '..',
    'sub/..',
    secret,
    `/${secret}`,
    'file\0.txt',
    '../secret.txt\0.png',
  ])('key %j', async (key) => {
    const { store, put } = await folder();
    await writeFile(secret, 'secret');
    await put('sub/file.txt', 'inside');
    expect(await store.read(key)).toEqual({ type: 'missing' });
  });

  test('not through a symbolic link to a file or folder outside, or through a chain of links', async () => {
    const { store, root } = await folder();
    await writeFile(secret, 'secret');
    await symlink(secret, join(root, 'file'));
    await symlink(base, join(root, 'outside'));
    await symlink('file', join(root, 'chained'));
    for (const key of ['file', 'outside/secret.txt', 'chained'])
      expect(await store.read(key)).toEqual({ type: 'missing' });
  });

  test('not from a sibling folder whose name begins with the name of the root', async () => {
    const { store, root } = await folder();
    await mkdir(`${root}-sibling`);
    await writeFile(join(`${root}-sibling`, 'file'), 'sibling');
    await symlink(join(`${root}-sibling`, 'file'), join(root, 'file'));
    expect(await store.read('file')).toEqual({ type: 'missing' });
  });
});

test('a symbolic link to a file inside the folder is followed', async () => {
  const { store, put, root } = await folder();
  await put('sub/file.txt', 'inside');
  await symlink('sub/file.txt', join(root, 'link.txt'));
  expect(await textOf(await open(store, 'link.txt'))).toBe('inside');
});

test('a symbolic link to itself is a missing object', async () => {
  const { store, root } = await folder();
  await symlink('loop', join(root, 'loop'));
  expect(await store.read('loop')).toEqual({ type: 'missing' });
});

test('folders, named pipes and devices are missing objects, and no read of them blocks', async () => {
  const { store, root } = await folder();
  await mkdir(join(root, 'folder'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  for (const key of ['folder', 'pipe']) expect(await store.read(key)).toEqual({ type: 'missing' });
});

test.for([
  ['a.html', 'text/html; charset=utf-8'],
  ['a.mp4', 'video/mp4'],
  ['a.json', 'application/json'],
  ['a.tar.gz', 'application/gzip'],
  ['unknown.xyzzy', 'application/octet-stream'],
  ['none', 'application/octet-stream'],
] as const)('%s is served as %s', async ([key, type]) => {
  const { store, put } = await folder();
  await put(key, 'x');
  expect((await store.head(key))?.contentType).toBe(type);
});

describe('the entity tag of a file', () => {
  test('changes if the bytes change, even with the same size and modification time', async () => {
    const { store, put, root } = await folder();
    await put('file', 'version A');
    await utimes(join(root, 'file'), 1_000_000_000, 1_000_000_000);
    const before = await store.head('file');
    await put('file', 'version B');
    await utimes(join(root, 'file'), 1_000_000_000, 1_000_000_000);
    const after = await store.head('file');
    expect(after?.lastModified).toEqual(before?.lastModified);
    expect(after?.etag).not.toEqual(before?.etag);
  });

  test('is the only strong validator of a file whose modification time was set back', async () => {
    const { store, put, root } = await folder();
    await put('file', 'version A');
    expect((await store.head('file'))?.isDateStrong).toBe(true);
    await utimes(join(root, 'file'), 1_000_000_000, 1_000_000_000);
    expect(await store.head('file')).toMatchObject({ isDateStrong: false, etag: { weak: false } });
  });

  test('changes if another file is renamed over it', async () => {
    const { store, put, root } = await folder();
    await put('file', 'version A');
    await put('other', 'version B');
    const before = await store.head('file');
    await rename(join(root, 'other'), join(root, 'file'));
    expect((await store.head('file'))?.etag).not.toEqual(before?.etag);
  });

  test('is weak while a process keeps writing to the file', async () => {
    const { store, put, root } = await folder();
    await put('log', 'x');
    const writer = setInterval(() => void appendFile(join(root, 'log'), 'x'), 1);
    try {
      expect((await store.head('log'))?.etag?.weak).toBe(true);
    } finally {
      clearInterval(writer);
    }
  });
});

describe('a file that changes while it is read', () => {
  const SIZE = 1024 * 1024;

  test('fails if it was overwritten', async () => {
    const { store, put, root } = await folder();
    await put('file', new Uint8Array(SIZE).fill(1));
    const object = await open(store, 'file');
    await writeFile(join(root, 'file'), new Uint8Array(SIZE).fill(2));
    await expect(new Response(object.body).arrayBuffer()).rejects.toMatchObject({
      name: 'StoreError',
      code: 'version-changed',
    });
  });

  test('fails if it was truncated', async () => {
    const { store, put, root } = await folder();
    await put('file', new Uint8Array(SIZE));
    const object = await open(store, 'file');
    await truncate(join(root, 'file'), 10);
    await expect(new Response(object.body).arrayBuffer()).rejects.toMatchObject({ code: 'version-changed' });
  });

  test('is read to its end if another file was renamed over it', async () => {
    const { store, put, root } = await folder();
    await put('file', new Uint8Array(SIZE).fill(1));
    await put('new', new Uint8Array(SIZE).fill(2));
    const object = await open(store, 'file');
    await rename(join(root, 'new'), join(root, 'file'));
    const bytes = await new Response(object.body).bytes();
    expect(bytes.every((byte) => byte === 1)).toBe(true);
  });

  test('is read to its end if it was unlinked', async () => {
    const { store, put, root } = await folder();
    await put('file', new Uint8Array(SIZE));
    const object = await open(store, 'file');
    await rm(join(root, 'file'));
    expect((await new Response(object.body).bytes()).length).toBe(SIZE);
  });

  test.for([
    ['got a second name', link],
    ['lost the second of two', async (file: string, second: string) => (await link(file, second), rm(second))],
  ] as const)('ends in an error where it was changed in place, got its date back and %s', async ([, renamed]) => {
    const { store, put, root } = await folder();
    const file = join(root, 'file');
    await put('file', new Uint8Array(SIZE).fill(1));
    await utimes(file, 1_000_000_000, 1_000_000_000);
    const object = await open(store, 'file');
    await writeFile(file, new Uint8Array(SIZE).fill(2));
    await utimes(file, 1_000_000_000, 1_000_000_000);
    await renamed(file, join(root, 'second'));
    await expect(new Response(object.body).arrayBuffer()).rejects.toMatchObject({ code: 'version-changed' });
  });
});

test('a file without read permission is an error of the gateway, not a missing object', async () => {
  const { store, put, root } = await folder();
  await put('file', 'x');
  await chmod(join(root, 'file'), 0o000);
  await asNobody(() => expect(store.read('file')).rejects.toMatchObject({ name: 'StoreError', code: 'denied' }));
});

/** Root can read every file, so as root the test switches to another user. */
async function asNobody(run: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return run();
  await chmod(base, 0o755);
  for (const name of await readdir(base, { withFileTypes: true }))
    if (name.isDirectory()) await chmod(join(base, name.name), 0o755);
  process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}

async function open(store: ReturnType<typeof fsStore>, key: string): Promise<OpenObject> {
  const result = await store.read(key);
  if (result.type !== 'open') throw new Error(`the read is ${result.type}`);
  return result;
}

async function textOf({ body }: OpenObject): Promise<string> {
  return new Response(body).text();
}
