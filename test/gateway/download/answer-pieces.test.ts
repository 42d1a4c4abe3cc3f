import { announcement } from '../../../src/gateway/download/answer-pieces.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { signedAccess, signLink } from '../../../src/access/index.ts';
import type { Metadata } from '../../../src/http/index.ts';
import { memoryCache } from '../../../src/cache/drivers/memory.ts';
import { createGateway, type GatewayOptions } from '../../../src/gateway/create-gateway.ts';
import { memoryStore, type MemoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { KEYS } from '../../access/links.ts';
import { referenceIndex, referenceIndexKey } from '../../conformance/reference-index.ts';
import { onlyEvent, recordingObserver } from '../recording-observer.ts';

// Only the clock is fake: timers run in real time.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const bytes = new TextEncoder().encode('0123456789');

async function putIndex(store: MemoryStore, key: string, of = bytes): Promise<void> {
  const etag = (await store.head(key))?.etag?.opaque ?? '';
  await store.put(referenceIndexKey(key), referenceIndex({ key, bytes: of, contentType: '' }, etag));
}

/** A store whose objects have no digests of their own, and that counts what it is asked for. */
function bucketOver(memory: MemoryStore) {
  const asked: string[] = [];
  let isDown = false;
  const bare = <Value extends Metadata>(metadata: Value): Value => ({ ...metadata, digests: undefined });
  const store: ObjectStore = {
    async head(key, options) {
      asked.push(`HEAD ${key}`);
      const representation = await memory.head(key, options);
      return representation === undefined ? undefined : bare(representation);
    },
    async read(key, options) {
      asked.push(`GET ${key}`);
      if (isDown && key.startsWith('.rangeway/')) throw storeError('unavailable', 'down');
      const result = await memory.read(key, options);
      if (result.type === 'unmodified') return { ...result, metadata: bare(result.metadata ?? {}) };
      return result.type === 'open' ? { ...result, representation: bare(result.representation) } : result;
    },
  };
  return { store, asked: () => asked.splice(0), breakIndexes: () => void (isDown = true) };
}

async function open(options: Omit<GatewayOptions, 'store'> = {}, key = 'key') {
  const memory = memoryStore();
  await memory.put(key, bytes);
  await putIndex(memory, key);
  const bucket = bucketOver(memory);
  const gateway = createGateway({ store: bucket.store, pieces: true, observers: [], ...options });
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await gateway.request(path, { method, headers });
    await response.arrayBuffer();
    return [response.status, response.headers.has('Repr-Digest')];
  };
  return { memory, gateway, ask, ...bucket };
}

const cache = () => memoryCache({ maxBytes: 2 ** 20 });
const INDEX = referenceIndexKey('key');

describe('storage operations', () => {
  test('without a cache: a plain GET one, ?pieces and ?meta4 two', async () => {
    const { ask, asked } = await open();
    expect([await ask('/key'), asked()]).toEqual([[200, false], ['GET key']]);
    expect([await ask('/key', {}, 'HEAD'), asked()]).toEqual([[200, false], ['HEAD key']]);
    for (const form of ['pieces', 'meta4'])
      expect([await ask(`/key?${form}`), asked()]).toEqual([
        [200, false],
        ['HEAD key', `GET ${INDEX}`],
      ]);
  });

  test('without the setting: one, and the index is not looked for', async () => {
    const { ask, asked } = await open({ pieces: false, cache: cache() });
    expect([await ask('/key?pieces'), asked()]).toEqual([[200, false], ['GET key']]);
  });

  test('with a cache: a plain GET one more for each ttl, and the digest on ranges and HEAD too', async () => {
    const { ask, asked } = await open({ cache: cache(), blocks: { ttl: 1_000 } });
    expect(await ask('/key')).toEqual([200, true]);
    expect(new Set(asked())).toEqual(new Set(['GET key', `GET ${INDEX}`]));
    expect(await ask('/key', { Range: 'bytes=1-2' })).toEqual([206, true]);
    expect(await ask('/key', {}, 'HEAD')).toEqual([200, true]);
    expect(await ask('/key?pieces')).toEqual([200, false]);
    expect(await ask('/key?meta4')).toEqual([200, false]);
    expect(asked()).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(await ask('/key')).toEqual([200, true]);
    expect(new Set(asked())).toEqual(new Set(['GET key', `GET ${INDEX}`]));
  });

  test('with a cache: ?pieces cold two, warm none', async () => {
    const { ask, asked } = await open({ cache: cache() });
    expect(await ask('/key?pieces')).toEqual([200, false]);
    expect(asked().length).toBe(2);
    expect(await ask('/key?pieces')).toEqual([200, false]);
    expect(await ask('/key')).toEqual([200, true]);
    expect(asked()).toEqual(['GET key']);
  });

  test('with a cache, an object without an index is looked for once in the ttl', async () => {
    const { ask, asked, memory } = await open({ cache: cache(), blocks: { ttl: 1_000 } });
    memory.delete(INDEX);
    for (let i = 0; i < 3; i++) expect(await ask('/key')).toEqual([200, false]);
    expect(await ask('/key?pieces')).toEqual([404, false]);
    expect(asked().length).toBe(2);
    await putIndex(memory, 'key');
    vi.advanceTimersByTime(1_000);
    expect(await ask('/key?pieces')).toEqual([200, false]);
  });
});

test('a replaced object has no digest of the version before, and gets that of its own index', async () => {
  const { ask, memory } = await open({ cache: cache(), blocks: { ttl: 1_000 } });
  expect(await ask('/key')).toEqual([200, true]);
  const other = new TextEncoder().encode('abcdefghij');
  await memory.put('key', other);
  vi.advanceTimersByTime(1_000);
  expect(await ask('/key')).toEqual([200, false]);
  expect(await ask('/key?pieces')).toEqual([404, false]);
  await putIndex(memory, 'key', other);
  vi.advanceTimersByTime(1_000);
  expect(await ask('/key')).toEqual([200, true]);
  expect(await ask('/key?pieces')).toEqual([200, false]);
});

test('a store of indexes that fails takes the digest away and not the download, and fails ?pieces', async () => {
  const { ask, breakIndexes } = await open({ cache: cache() });
  breakIndexes();
  expect(await ask('/key')).toEqual([200, false]);
  expect(await ask('/key?pieces')).toEqual([503, false]);
});

test('a damaged index is logged once', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { ask, memory } = await open();
  await memory.put(INDEX, bytes);
  for (let i = 0; i < 3; i++) expect(await ask('/key?pieces')).toEqual([404, false]);
  expect(log.mock.calls).toEqual([['rangeway: the piece index of "key" is damaged, and counts as none']]);
});

test('indexes are found by the key in the bucket, with the prefix of the mount, and are in no store of it', async () => {
  const { gateway } = await open({ prefix: 'below/' }, 'below/key');
  expect((await gateway.request('/key?pieces')).headers.get('Content-Type')).toBe('application/vnd.rangeway.pieces');
  expect((await gateway.request('/.rangeway/pieces/x')).status).toBe(404);
});

test('the store of the indexes and their prefix can be others', async () => {
  const indexes = memoryStore();
  const memory = memoryStore();
  await memory.put('key', bytes);
  const etag = (await memory.head('key'))?.etag?.opaque ?? '';
  const key = 'baked/key';
  await indexes.put(`x/${referenceIndexKey(key)}`, referenceIndex({ key, bytes, contentType: '' }, etag));
  const pieces = { store: indexes, prefix: 'x/', keyPrefix: 'baked/' };
  const gateway = createGateway({ store: memory, pieces, observers: [] });
  expect((await gateway.request('/key?pieces')).status).toBe(200);
});

describe('signed links', () => {
  const gatewayOf = async () => (await open({ access: signedAccess(KEYS) })).gateway;
  const sign = async (path: string) =>
    signLink(`http://localhost${path}`, { expires: Math.floor(Date.now() / 1000) + 60, fileName: 'nice.bin' }, KEYS[0]);

  test('without a link, index and Metalink are refused as the object is', async () => {
    const gateway = await gatewayOf();
    for (const query of ['', '?pieces', '?meta4']) expect((await gateway.request(`/key${query}`)).status).toBe(403);
  });

  test('the announced addresses are links, and so is the one in the Metalink document', async () => {
    const gateway = await gatewayOf();
    const link = await sign('/key');
    const announced = (await gateway.request(link)).headers.get('Link') ?? '';
    const [, target = ''] =
      /<([^>]*)>; rel="describedby"; type="application\/vnd.rangeway.pieces"/.exec(announced) ?? [];
    expect((await gateway.request(new URL(target, link).href)).status).toBe(200);
    const metalink = await gateway.request(`${link}&meta4`);
    const text = await metalink.text();
    expect(text).toContain('<file name="nice.bin">');
    const [, url = ''] = /<url>([^<]*)<\/url>/.exec(text) ?? [];
    expect(url.replaceAll('&amp;', '&')).toBe(link);
    expect(metalink.headers.get('Cache-Control')).toContain('private');
  });
});

test('observers are told of no bytes of the object', async () => {
  const observer = recordingObserver();
  const { gateway } = await open({ observers: [observer] });
  await (await gateway.request('/key?pieces')).arrayBuffer();
  expect(observer.starts).toEqual([]);
  expect(await onlyEvent(observer.ends)).toMatchObject({ status: 200, asked: [], delivered: [] });
});

test('a folder without its slash is redirected with the parameter, as the key itself', async () => {
  const { gateway, memory } = await open({ index: 'index.html' });
  await memory.put('folder/index.html', bytes);
  const response = await gateway.request('/folder?pieces');
  expect([response.status, response.headers.get('Location')]).toEqual([308, './folder/?pieces']);
});

test('a purge looks at the index again, too', async () => {
  const token = 'a-token-of-at-least-32-characters';
  const { ask, asked, gateway, memory } = await open({ cache: cache(), purge: { token } });
  expect(await ask('/key?pieces')).toEqual([200, false]);
  memory.delete(INDEX);
  expect(await ask('/key?pieces')).toEqual([200, false]);
  asked();
  const purged = await gateway.request('/key', { method: 'PURGE', headers: { Authorization: `Bearer ${token}` } });
  expect(purged.status).toBe(204);
  expect(await ask('/key?pieces')).toEqual([404, false]);
  expect(asked()).toEqual(['HEAD key', `GET ${INDEX}`]);
});

describe('the announcement', () => {
  const link = (query: string, pathname = '/mega.bin') => announcement({ pathname, query })[0]?.[1];

  test('keeps the query, so that a signed link stays one', () => {
    expect(link('rgw-sig=a')).toBe(
      '</mega.bin?rgw-sig=a&pieces>; rel="describedby"; type="application/vnd.rangeway.pieces", ' +
        '</mega.bin?rgw-sig=a&meta4>; rel="describedby"; type="application/metalink4+xml"',
    );
  });

  test('of a long query is of the index alone, in a line that all clients read', () => {
    const long = 'a'.repeat(300);
    expect(link(long)).toBe(`</mega.bin?${long}&pieces>; rel="describedby"; type="application/vnd.rangeway.pieces"`);
    expect(link('a'.repeat(500))).toBeUndefined();
  });
});
