import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { listFiles } from '../../../../src/cli/dev/files.ts';
import { createGateway } from '../../../../src/gateway/create-gateway.ts';
import { parseConfig } from '../../../../src/config/config.ts';
import { openNodeConfig } from '../../../../src/platform/node/index.ts';
import { serve } from '../../../../src/platform/node/serve.ts';
import { fsStore } from '../../../../src/store/drivers/fs/fs-store.ts';
import type { ObjectStore } from '../../../../src/store/object-store.ts';
import { send } from '../../../conformance/wire.ts';

const base = await mkdtemp(join(tmpdir(), '.rangeway-hidden-'));
afterAll(() => rm(base, { recursive: true }));

// The root is below a folder whose name begins with a dot: names above the root must not count.
const root = join(base, 'root');
const SHOWN = ['a.txt', 'sub/b.txt', 'a..b', 'a.', '.well-known/security.txt', '.well-known/acme/token'];
const HIDDEN = [
  '.env',
  '.git/config',
  'sub/.htpasswd',
  'sub/.git/HEAD',
  '.rangeway/dev/blob',
  '..a',
  '...',
  '.well-known/.env',
  '.well-known/.well-known/x',
  '.well-known2',
  '.Well-Known/x',
  'sub/.well-known/x',
];
for (const key of [...SHOWN, ...HIDDEN]) {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), key);
}
/** Symbolic links: name and target. Those of the first table lead to hidden files. */
const LINKS = { env: '.env', repo: '.git', chain: 'env', '.alias': 'a.txt', 'sub/up': '../sub/.git/HEAD' } as const;
for (const [name, target] of Object.entries(LINKS)) await symlink(target, join(root, name));
await symlink('.well-known/security.txt', join(root, 'contact'));

const LINKED = ['env', 'repo/config', 'chain', '.alias', 'sub/up'];

/** The store of a configuration. */
async function configured(more: { readonly hidden?: boolean }): Promise<ObjectStore | undefined> {
  const config = parseConfig({ mounts: [{ store: { type: 'dir', path: root, ...more } }] });
  const { mounts } = await openNodeConfig(config, undefined);
  return mounts[0]?.store;
}

describe.each<readonly [string, ObjectStore | undefined, ObjectStore | undefined]>([
  ['in code', fsStore(root), fsStore(root, { hidden: true })],
  ['of a configuration', await configured({}), await configured({ hidden: true })],
])('a folder %s', (_, plain, all) => {
  test.for([...HIDDEN, ...LINKED])('%s is missing by default, and served with `hidden: true`', async (key) => {
    expect(await plain?.head(key)).toBeUndefined();
    expect(await plain?.read(key)).toEqual({ type: 'missing' });
    expect(await all?.head(key)).toBeDefined();
  });

  test.for([...SHOWN, 'contact'])('%s is served', async (key) => {
    expect(await plain?.head(key)).toBeDefined();
  });
});

test('`rangeway dev` fills its bucket without hidden files', async () => {
  const keys = async (hidden: boolean) => (await listFiles(root, hidden)).map(({ key }) => key).toSorted();
  expect(await keys(false)).toEqual([...SHOWN, 'contact'].toSorted());
  // `repo` is a link to the folder .git.
  const links = ['env', 'chain', '.alias', 'sub/up', 'contact', 'repo/config'];
  expect(await keys(true)).toEqual([...SHOWN, ...HIDDEN, ...links].toSorted());
});

test('over HTTP no spelling of a path leads to a hidden file', async () => {
  const gateway = createGateway({
    mounts: [
      { store: fsStore(root), index: '.env' },
      { path: '/sub', store: fsStore(root), prefix: 'sub/' },
    ],
    observers: [{ end: () => undefined }],
  });
  const server = await serve(gateway, { port: 0 });
  const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
  const status = async (target: string) => (await send(origin, { method: 'GET', target, headers: [] })).status;
  for (const target of [
    '/.env',
    '/%2eenv',
    '/%2Eenv?download',
    '/./.env',
    '/x/../.env',
    '/.git/config',
    '/.git%2fconfig',
    '/%2egit%2Fconfig',
    '/sub/.htpasswd',
    '/sub/%2e%68tpasswd',
    '/.well-known/%2eenv',
    '/',
  ])
    expect([target, await status(target)]).toEqual([target, 404]);
  expect(await status('/.well-known/security.txt')).toBe(200);
  expect(await status('/%2ewell-known/security.txt')).toBe(200);
  await server.stop(0);
});
