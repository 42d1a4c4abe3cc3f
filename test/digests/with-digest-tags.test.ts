import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { indexedFolder } from '../../src/cli/index/indexed-folder.ts';
import { indexObjects } from '../../src/digests/index-objects.ts';
import { decodePieceIndex } from '../../src/digests/piece-index.ts';
import { createGateway, openNodeConfig, parseConfig } from '../../src/platform/node/index.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { fsStore } from '../../src/store/drivers/fs/fs-store.ts';
import { withDigestTags } from '../../src/digests/with-digest-tags.ts';
import { digestCases } from '../conformance/cases/digests.ts';

import { describeConformance } from '../conformance/describe.ts';
import { fixtures } from '../conformance/fixtures.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { sampleOf } from '../conformance/sample.ts';

const root = await mkdtemp(join(tmpdir(), 'rangeway-tags-'));
afterAll(() => rm(root, { recursive: true }));

const folderOf = () => mkdtemp(join(root, 'files-'));

async function write(folder: string, key: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), bytes);
}

const index = (folder: string) =>
  indexObjects(indexedFolder(folder, false), { hashing: nodeHashing, concurrency: 1, onResult: () => undefined });

/** A gateway over a folder, by the configuration that the documentation has. */
async function gatewayOf(folder: string) {
  const mounts = [{ store: { type: 'dir', path: folder, etag: 'digest' }, pieces: true }];
  return createGateway({ ...(await openNodeConfig(parseConfig({ mounts }), undefined)), observers: [] });
}

const tagOf = (text: string) => `"${createHash('sha256').update(text).digest('base64')}"`;

describeObjectStore('a folder with digests as tags', async () => {
  const folder = await folderOf();
  return {
    store: withDigestTags(fsStore(folder, { hidden: true }), fsStore(folder)),
    put: (key, bytes) => write(folder, key, bytes),
    hasOtherCosts: true,
  };
});

describeConformance(
  'Node over a folder with digests as tags',
  async () => {
    const folder = await folderOf();
    for (const { key, bytes } of fixtures) await write(folder, key, bytes);
    await index(folder);
    const server = await serve(await gatewayOf(folder), { port: 0 });
    return { url: server.url, stop: () => server.stop(1_000), storedAt: Date.now() };
  },
  { cases: [...sampleOf('digests as tags'), ...digestCases] },
);

test('a touched file keeps its tag when it is indexed again, so a download is resumed', async () => {
  const folder = await folderOf();
  await write(folder, 'key', '0123456789');
  await index(folder);
  const gateway = await gatewayOf(folder);
  const etag = (await gateway.request('/key')).headers.get('ETag') ?? '';
  expect(etag).toBe(tagOf('0123456789'));
  utimesSync(join(folder, 'key'), 1, 1);
  expect((await gateway.request('/key')).headers.get('ETag')).not.toBe(etag);
  await index(folder);
  const resumed = await gateway.request('/key', { headers: { Range: 'bytes=5-', 'If-Range': etag } });
  expect([resumed.status, await resumed.text()]).toEqual([206, '56789']);
});

test('a copy of the folder on another machine has the same tags when it is indexed', async () => {
  const folder = await folderOf();
  await write(folder, 'key', '0123456789');
  await index(folder);
  const copy = await folderOf();
  await cp(folder, copy, { recursive: true });
  const [first, second] = [await gatewayOf(folder), await gatewayOf(copy)];
  expect((await second.request('/key')).headers.get('ETag')).not.toBe(tagOf('0123456789'));
  await index(copy);
  const tags = await Promise.all([first, second].map(async (one) => (await one.request('/key')).headers.get('ETag')));
  expect(tags).toEqual([tagOf('0123456789'), tagOf('0123456789')]);
  const pieces = await Promise.all(
    [first, second].map(async (one) => new Uint8Array(await (await one.request('/key?pieces')).arrayBuffer())),
  );
  expect(pieces[0]).toEqual(pieces[1]);
  expect((await decodePieceIndex(pieces[0] ?? new Uint8Array()))?.etag).toBe(tagOf('0123456789').slice(1, -1));
});

test('a changed file never has the tag of the version before, nor the other way round', async () => {
  const folder = await folderOf();
  await write(folder, 'key', 'old');
  await index(folder);
  const gateway = await gatewayOf(folder);
  expect((await gateway.request('/key')).headers.get('ETag')).toBe(tagOf('old'));
  await write(folder, 'key', 'new');
  const response = await gateway.request('/key', { headers: { Range: 'bytes=1-', 'If-Range': tagOf('old') } });
  expect([response.status, await response.text()]).toEqual([200, 'new']);
  expect([tagOf('old'), tagOf('new')]).not.toContain(response.headers.get('ETag'));
  expect((await gateway.request('/key', { headers: { 'If-Match': tagOf('old') } })).status).toBe(412);
  expect((await gateway.request('/key?pieces')).status).toBe(404);
  await index(folder);
  expect((await gateway.request('/key', { headers: { 'If-Match': tagOf('new') } })).status).toBe(200);
});

test('the indexes have to be in the folder itself', async () => {
  const folder = await folderOf();
  const mounts = [{ store: { type: 'dir', path: folder, etag: 'digest' }, pieces: { prefix: 'x/' } }];
  await expect(openNodeConfig(parseConfig({ mounts }), undefined)).rejects.toThrow(/takes its indexes from the folder/);
});
