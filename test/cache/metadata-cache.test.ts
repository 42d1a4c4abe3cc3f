import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withBlockCache, type BlockCacheOptions } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { storeError } from '../../src/store/store-error.ts';
import { counted, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

// Only the clock is fake: timers run in real time.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const text = (value: string) => new TextEncoder().encode(value);
const pass = (ms: number) => vi.advanceTimersByTime(ms);

async function setUp(freshness: Partial<BlockCacheOptions['freshness']>) {
  const memory = memoryStore();
  await memory.put('key', text('old'));
  let isDown = false;
  const assertUp = () => {
    if (isDown) throw storeError('unavailable', 'the storage is down');
  };
  const storage = counted({
    async head(...args) {
      assertUp();
      return memory.head(...args);
    },
    async read(...args) {
      assertUp();
      return memory.read(...args);
    },
  });
  const none = { ttl: 1_000, negativeTtl: 100, staleWhileRevalidate: 0, staleIfError: 0 };
  const store = withBlockCache(storage, mapCache(), { blockSize: 1_000, freshness: { ...none, ...freshness } });
  const setDown = (value: boolean) => void (isDown = value);
  return { memory, storage, store, setDown };
}

async function read(store: ObjectStore, key = 'key'): Promise<string> {
  const result = await store.read(key);
  return result.type === 'open' ? new Response(result.body).text() : result.type;
}

const size = async (store: ObjectStore) => (await store.head('key'))?.size;

test('metadata are fresh for ttl, then one conditional request revalidates them', async () => {
  const { storage, store } = await setUp({});
  await read(store);
  pass(999);
  expect(await read(store)).toBe('old');
  expect(storage.operations).toBe(1);
  pass(1);
  expect(await read(store)).toBe('old');
  expect([storage.operations, storage.bytes]).toEqual([2, 3]);
  pass(999);
  await read(store);
  expect(storage.operations).toBe(2);
});

test('a changed object is found after ttl', async () => {
  const { memory, store } = await setUp({});
  await read(store);
  await memory.put('key', text('newer'));
  expect([await read(store), await size(store)]).toEqual(['old', 3]);
  pass(1_000);
  expect([await read(store), await size(store)]).toEqual(['newer', 5]);
});

test('a missing object is cached for negativeTtl', async () => {
  const { memory, storage, store } = await setUp({});
  expect(await read(store, 'other')).toBe('missing');
  await memory.put('other', text('here'));
  pass(99);
  expect(await read(store, 'other')).toBe('missing');
  expect(await store.head('other')).toBeUndefined();
  expect(storage.operations).toBe(1);
  pass(1);
  expect(await read(store, 'other')).toBe('here');
});

test('a deleted object is missing after ttl', async () => {
  const { memory, store } = await setUp({});
  await read(store);
  memory.delete('key');
  expect(await read(store)).toBe('old');
  pass(1_000);
  expect(await read(store)).toBe('missing');
});

describe('stale-while-revalidate', () => {
  for (const [name, ask] of [
    ['a read', read],
    ['HEAD', async (store: ObjectStore) => ((await size(store)) === 3 ? 'old' : 'newer')],
  ] as const) {
    test(`${name} is served stale at once, and revalidated in the background`, async () => {
      const { memory, storage, store } = await setUp({ staleWhileRevalidate: 500 });
      await read(store);
      await memory.put('key', text('newer'));
      pass(1_499);
      expect(await ask(store)).toBe('old');
      await until(() => storage.operations === 2);
      await until(() => storage.open === 0);
      expect(await ask(store)).toBe('newer');
    });
  }

  test('after staleWhileRevalidate the response waits for the storage', async () => {
    const { memory, store } = await setUp({ staleWhileRevalidate: 500 });
    await read(store);
    await memory.put('key', text('newer'));
    pass(1_500);
    expect(await read(store)).toBe('newer');
  });

  test('many requests at once cause one revalidation, and leave no body open', async () => {
    const { storage, store, memory } = await setUp({ staleWhileRevalidate: 500 });
    await read(store);
    await memory.put('key', text('newer'));
    pass(1_100);
    await Promise.all(Array.from({ length: 20 }, () => read(store)));
    await until(() => storage.open === 0);
    expect(storage.operations).toBe(2);
  });

  test('the revalidation is passed to waitUntil, and its failure is ignored', async () => {
    const { store, setDown } = await setUp({ staleWhileRevalidate: 500 });
    await read(store);
    setDown(true);
    pass(1_100);
    const deferred: Promise<unknown>[] = [];
    const result = await store.read('key', { defer: (work) => deferred.push(work) });
    expect(result.type).toBe('open');
    expect(deferred.length).toBeGreaterThan(0);
    await Promise.all(deferred);
  });
});

describe('stale-if-error', () => {
  test('GET and HEAD are served stale for staleIfError while the storage is down', async () => {
    const { store, setDown } = await setUp({ staleIfError: 500 });
    await read(store);
    setDown(true);
    pass(1_499);
    expect([await read(store), await size(store)]).toEqual(['old', 3]);
    pass(1);
    await expect(read(store)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.head('key')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a response of the storage is used, not the stale metadata', async () => {
    const { memory, store } = await setUp({ staleIfError: 500 });
    await read(store);
    await memory.put('key', text('newer'));
    pass(1_100);
    expect(await read(store)).toBe('newer');
  });
});

test('immutable: the metadata are never revalidated', async () => {
  const { memory, storage, store } = await setUp({ ttl: Number.POSITIVE_INFINITY });
  await read(store);
  await memory.put('key', text('newer'));
  pass(10 * 365 * 86_400_000);
  expect([await read(store), await size(store)]).toEqual(['old', 3]);
  expect(storage.operations).toBe(1);
});

test('after a purge the next request reads the storage', async () => {
  const { memory, store } = await setUp({});
  await read(store);
  await memory.put('key', text('newer'));
  store.purge('key');
  expect(await read(store)).toBe('newer');
});

test('a purge during a request to the storage: its result is not stored', async () => {
  const memory = memoryStore();
  await memory.put('key', text('old'));
  const storage = counted(memory, 30);
  const store = withBlockCache(storage, mapCache(), { blockSize: 1_000 });
  const head = memory.head('key');
  const slow = withBlockCache(
    {
      read: memory.read,
      async head() {
        const found = await head;
        await new Promise((resolve) => setTimeout(resolve, 30));
        return found;
      },
    },
    mapCache(),
    {},
  );
  const first = slow.head('key');
  await Promise.resolve();
  await memory.put('key', text('newer'));
  slow.purge('key');
  expect((await first)?.size).toBe(3);
  expect(await read(slow)).toBe('newer');
  expect(await read(store)).toBe('newer');
});
