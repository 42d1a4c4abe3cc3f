import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { pseudoRandom } from '../contract/bytes.ts';
import { withTag } from '../store/with-interruptions.ts';
import { mapCache } from '../cache/map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const BLOCK = 64 * 1024;
const SIZE = 3 * BLOCK + 100;

type Headers = Readonly<Record<string, string>>;

async function setUp(blocks: GatewayOptions['blocks'] = {}, wrap: (store: ObjectStore) => ObjectStore = (s) => s) {
  const memory = memoryStore();
  const { etag } = await memory.put('key', pseudoRandom(SIZE));
  const entries: LogEntry[] = [];
  const gateway = createGateway({
    store: wrap(memory),
    cache: mapCache(),
    blocks: { size: BLOCK, ...blocks },
    observers: [logObserver((entry) => entries.push(entry))],
  });
  async function ask(headers: Headers = {}, method = 'GET', key = 'key') {
    const response = await gateway.request(`/${key}`, { method, headers });
    await response.arrayBuffer();
    const { cacheHits, cacheMisses, bytesCached, storageReads } = entries.at(-1) ?? {};
    return {
      field: response.headers.get('Cache-Status'),
      log: [cacheHits, cacheMisses, bytesCached, storageReads],
    };
  }
  return { memory, ask, tag: `"${etag?.opaque}"` };
}

const block = (index: number): Headers => ({ Range: `bytes=${index * BLOCK}-${(index + 1) * BLOCK - 1}` });

test('a whole object, cold and warm', async () => {
  const { ask } = await setUp();
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=uri-miss; stored; ttl=30', log: [0, 4, 0, 1] });
  vi.setSystemTime(Date.now() + 10_000);
  expect(await ask()).toEqual({ field: 'Rangeway; hit; ttl=20', log: [4, 0, SIZE, 0] });
});

test('with known metadata: without cached bytes, and with some', async () => {
  const { ask } = await setUp();
  expect(await ask({}, 'HEAD')).toEqual({ field: 'Rangeway; fwd=uri-miss; ttl=30', log: [0, 0, 0, 1] });
  expect(await ask({}, 'HEAD')).toEqual({ field: 'Rangeway; hit; ttl=30', log: [0, 0, 0, 0] });
  expect(await ask(block(1))).toEqual({ field: 'Rangeway; fwd=miss; stored; ttl=30', log: [0, 1, 0, 1] });
  expect(await ask(block(1))).toEqual({ field: 'Rangeway; hit; ttl=30', log: [1, 0, BLOCK, 0] });
  // The blocks before and after the cached one are missing.
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=partial; stored; ttl=30', log: [1, 3, BLOCK, 2] });
});

test('a first request for a few bytes bypasses the cache', async () => {
  const { ask } = await setUp();
  const few = { Range: 'bytes=5-14' };
  expect(await ask(few)).toEqual({ field: 'Rangeway; fwd=uri-miss; ttl=30', log: [0, 1, 0, 1] });
  expect(await ask(few)).toEqual({ field: 'Rangeway; fwd=miss; stored; ttl=30', log: [0, 1, 0, 1] });
  expect(await ask(few)).toEqual({ field: 'Rangeway; hit; ttl=30', log: [1, 0, 10, 0] });
  expect(await ask({ Range: 'bytes=70000-70009' })).toEqual({
    field: 'Rangeway; fwd=miss; ttl=30',
    log: [0, 1, 0, 1],
  });
});

test('responses without bytes of the object', async () => {
  const { ask, tag } = await setUp();
  expect(await ask({}, 'GET', 'none')).toEqual({ field: 'Rangeway; fwd=uri-miss; ttl=5', log: [0, 0, 0, 1] });
  expect(await ask({}, 'GET', 'none')).toEqual({ field: 'Rangeway; hit; ttl=5', log: [0, 0, 0, 0] });
  await ask();
  for (const headers of [{ 'If-None-Match': tag }, { Range: 'bytes=999999-' }])
    expect(await ask(headers)).toEqual({ field: 'Rangeway; hit; ttl=30', log: [0, 0, 0, 0] });
});

test('stale metadata: unchanged, then changed', async () => {
  const { ask, memory } = await setUp();
  await ask();
  vi.setSystemTime(Date.now() + 40_000);
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=stale; ttl=30', log: [4, 0, SIZE, 1] });
  vi.setSystemTime(Date.now() + 40_000);
  await memory.put('key', pseudoRandom(SIZE).toReversed());
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=stale; stored; ttl=30', log: [0, 4, 0, 1] });
});

test('stale-while-revalidate: a hit with a negative ttl', async () => {
  const { ask } = await setUp({ staleWhileRevalidate: 60_000 });
  await ask();
  vi.setSystemTime(Date.now() + 40_000);
  expect(await ask()).toEqual({ field: 'Rangeway; hit; ttl=-10', log: [4, 0, SIZE, 0] });
});

test('immutable metadata have no ttl', async () => {
  const { ask } = await setUp({ ttl: 'forever' });
  expect((await ask()).field).toBe('Rangeway; fwd=uri-miss; stored');
  expect((await ask()).field).toBe('Rangeway; hit');
});

test('an object without a strong tag bypasses the cache', async () => {
  const { ask } = await setUp({}, (store) => ({
    head: store.head,
    async read(...args) {
      const result = await store.read(...args);
      return result.type === 'open' ? withTag(result, 'weak') : result;
    },
  }));
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=bypass; ttl=30', log: [0, 0, 0, 1] });
  expect(await ask()).toEqual({ field: 'Rangeway; fwd=bypass; ttl=30', log: [0, 0, 0, 1] });
});

test('several ranges have one field', async () => {
  const { ask } = await setUp();
  await ask();
  const ranges = { Range: `bytes=0-9,${BLOCK * 2}-${BLOCK * 2 + 9},-5` };
  expect(await ask(ranges)).toEqual({ field: 'Rangeway; hit; ttl=30', log: [3, 0, 25, 0] });
});

test('without a cache there is neither the header field nor the log field', async () => {
  const memory = memoryStore();
  await memory.put('key', pseudoRandom(10));
  const entries: LogEntry[] = [];
  const gateway = createGateway({ store: memory, observers: [logObserver((entry) => entries.push(entry))] });
  const response = await gateway.request('/key');
  await response.arrayBuffer();
  expect(response.headers.has('Cache-Status')).toBe(false);
  expect(entries[0]).not.toHaveProperty('cacheHits');
});
