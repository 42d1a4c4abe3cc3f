import { describe, expect, test } from 'vitest';
import { parseLinkKeys, signedAccess, signLink, type LinkTerms } from '../../../src/access/index.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import { linkReader } from '../../../src/transfers/reader-identity.ts';
import type { TransferStore } from '../../../src/transfers/transfer-store.ts';
import { KEYS_TEXT } from '../../contract/link-limits.ts';

const KEYS = parseLinkKeys(KEYS_TEXT);
const SIZE = 1_000;

/** A gateway over an object of 1,000 bytes, whose mount takes links, and counts the calls of its storage. */
async function openGateway(store: TransferStore | undefined, strict = false) {
  const objects = memoryStore();
  await objects.put('file.bin', new Uint8Array(SIZE));
  let calls = 0;
  const counted: ObjectStore = {
    head: (...args) => (calls++, objects.head(...args)),
    read: (...args) => (calls++, objects.read(...args)),
  };
  const warnings: string[] = [];
  const transfers = store && trackTransfers({ store, warn: (message) => warnings.push(message) });
  const app = createGateway({
    store: counted,
    access: signedAccess(KEYS),
    observers: [],
    ...(transfers && { transfers, quota: { strict } }),
  });
  async function get(terms: Partial<LinkTerms>, init: RequestInit = {}, suffix = '') {
    const link = await signLink('http://a/file.bin', { expires: Math.ceil(Date.now() / 1000) + 60, ...terms }, KEYS[0]);
    const before = calls;
    const response = await app.fetch(new Request(link + suffix, init));
    const body = await response.text();
    return { status: response.status, body, calls: calls - before, response };
  }
  const used = (id: string) => store?.getLink(linkReader(id));
  return { get, used, warnings };
}

/** A store that fails, or never answers. */
function brokenStore(answer: () => Promise<never>): TransferStore {
  return { ...memoryTransferStore(), reserve: answer, getLink: answer };
}

const fails = async () => {
  throw new Error('locked');
};
const hangs = () => new Promise<never>(() => undefined);

describe('a link with a quota', () => {
  test('is refused before the storage is asked', async () => {
    const { get, used } = await openGateway(memoryTransferStore());
    const terms = { downloadId: 'a', maxBytes: SIZE };
    expect(await get(terms)).toMatchObject({ status: 200, calls: 1 });
    await expect.poll(() => used('a')).toMatchObject({ bytes: SIZE, connections: 0, reserved: 0 });
    const refused = await get(terms);
    expect(refused).toMatchObject({ status: 403, calls: 0 });
    expect(JSON.parse(refused.body)).toMatchObject({ type: 'urn:rangeway:problem:quota', status: 403 });
    expect(await get(terms, { method: 'HEAD' })).toMatchObject({ status: 403, calls: 0, body: '' });
    // The reader's own view has no bytes of the object.
    expect((await get(terms, {}, '&transfer')).status).toBe(200);
  });
  test('gives back what a response without a body does not use', async () => {
    const { get, used } = await openGateway(memoryTransferStore());
    const terms = { downloadId: 'a', maxBytes: SIZE, maxConnections: 1 };
    for (let i = 0; i < 3; i++) {
      expect((await get(terms, { headers: { 'If-None-Match': '*' } })).status).toBe(304);
      expect((await get(terms, { headers: { Range: `bytes=${SIZE}-` } })).status).toBe(416);
      expect((await get(terms, { method: 'HEAD' })).status).toBe(200);
    }
    await expect.poll(() => used('a')).toMatchObject({ connections: 0 });
    expect((await used('a'))?.bytes).toBe(0);
    expect((await get(terms)).status).toBe(200);
  });
  test('counts all parts of a multipart response', async () => {
    const { get, used } = await openGateway(memoryTransferStore());
    const { status, body } = await get({ downloadId: 'a', maxBytes: SIZE }, { headers: { Range: 'bytes=0-9,50-59' } });
    expect(status).toBe(206);
    await expect.poll(async () => (await used('a'))?.bytes).toBe(body.length);
  });
  test('is refused by a gateway that keeps no transfers', async () => {
    const { get } = await openGateway(undefined);
    expect(await get({ downloadId: 'a', maxDownloads: 5 })).toMatchObject({ status: 403, calls: 0 });
    expect(await get({ downloadId: 'a' })).toMatchObject({ status: 200 });
  });
});

describe('a store that fails', () => {
  const quota = { downloadId: 'a', maxBytes: 1 };
  test.each([
    ['fails', fails],
    ['hangs', hangs],
  ])('%s: downloads go on, and it is told', async (_, answer) => {
    const { get, warnings } = await openGateway(brokenStore(answer));
    expect((await get(quota)).status).toBe(200);
    expect((await get({ downloadId: 'a' })).status).toBe(200);
    expect(warnings).toHaveLength(1);
  });
  test.each([
    ['fails', fails],
    ['hangs', hangs],
  ])('%s: with strict, links with an id are answered 503', async (_, answer) => {
    const { get } = await openGateway(brokenStore(answer), true);
    const refused = await get(quota);
    expect(refused).toMatchObject({ status: 503, calls: 0 });
    expect(refused.response.headers.get('Retry-After')).toBe('5');
    expect(await get({ downloadId: 'a' })).toMatchObject({ status: 503, calls: 0 });
    expect((await get({})).status).toBe(200);
  });
});

test('links without an id are not looked up, and others at most every 5 s', async () => {
  const store = memoryTransferStore();
  const asked: string[] = [];
  const getLink: TransferStore['getLink'] = (reader) => {
    asked.push(reader.name);
    return store.getLink(reader);
  };
  const { get } = await openGateway({ ...store, getLink });
  await get({});
  await get({ downloadId: 'a' });
  await get({ downloadId: 'a' });
  await get({ downloadId: 'b' });
  expect(asked).toEqual(['link:a', 'link:b']);
});

test('a revoked link may not see its transfer', async () => {
  const store = memoryTransferStore();
  await store.setRevoked(linkReader('a'), true);
  const { get } = await openGateway(store);
  for (const suffix of ['', '&transfer'])
    expect(await get({ downloadId: 'a' }, {}, suffix)).toMatchObject({ status: 403, calls: 0 });
  const refused = await get({ downloadId: 'a', maxBytes: 1 });
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.body)).toMatchObject({ type: 'about:blank', detail: 'The link was revoked.' });
});
