import { expect, test } from 'vitest';
import type { BlockCache } from '../../src/cache/block-cache.ts';
import { withBlockCache, type BlockCacheOptions } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { type ObjectStore, type OpenObject, type ReadOptions } from '../../src/store/object-store.ts';
import { newRequestStats, type RequestStats } from '../../src/store/request-stats.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted, sleep, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

const BLOCK = 64 * 1024;
const BLOCKS = 6;
const bytes = pseudoRandom(BLOCKS * BLOCK);
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A cache whose puts stay pending until the test releases them. */
function heldCache() {
  const kept = mapCache();
  const waiting: (() => void)[] = [];
  const cache: BlockCache = {
    get: kept.get,
    async put(name, block) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      await kept.put(name, block);
    },
  };
  return { cache, kept, waiting, letAll: () => waiting.splice(0).forEach((go) => go()) };
}

async function setUp(cache: BlockCache, options: Partial<BlockCacheOptions>) {
  const memory = memoryStore();
  for (const key of KEYS) await memory.put(key, bytes);
  const storage = counted(memory);
  const settings = { blockSize: BLOCK, cacheTimeout: 60_000, ...options };
  return { memory, storage, store: withBlockCache(storage, cache, settings) };
}

type Store = Awaited<ReturnType<typeof setUp>>['store'];

async function open(store: Store, key: string, options: ReadOptions = {}): Promise<OpenObject> {
  const result = await store.read(key, options);
  if (result.type !== 'open') throw new Error(result.type);
  return result;
}

async function get(store: Store, key: string, stats: RequestStats = newRequestStats()): Promise<boolean> {
  const { body } = await open(store, key, { stats });
  return equal(new Uint8Array(await new Response(body).arrayBuffer()), bytes);
}

test('many cold downloads at once: the blocks that wait for the cache stay within the memory limit, and all bodies are exact', async () => {
  const { cache, waiting, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { memory: 3 * BLOCK });
  expect(await Promise.all(KEYS.map((key) => get(store, key)))).toEqual(KEYS.map(() => true));
  // No put was released, so the pending ones are all that were made.
  expect(waiting.length).toBeGreaterThan(0);
  expect(waiting.length).toBeLessThanOrEqual(3);
  expect(storage.operations).toBe(KEYS.length);
  letAll();
  await until(() => storage.open === 0);
});

test('without memory, a response is one read of exactly its bytes past the cache, with or without known metadata', async () => {
  const cache = mapCache();
  const { storage, store } = await setUp(cache, { memory: BLOCK - 1 });
  for (const isKnown of [false, true]) {
    storage.operations = 0;
    storage.bytes = 0;
    const stats = newRequestStats();
    expect(await get(store, 'a', stats)).toBe(true);
    expect([isKnown, storage.operations, storage.bytes]).toEqual([isKnown, 1, bytes.length]);
    expect(stats.cache).toMatchObject({ forward: isKnown ? 'bypass' : 'uri-miss', isStored: false, hits: 0 });
  }
  expect(cache.blocks.size).toBe(0);
});

test('cached blocks are served even if no memory is free', async () => {
  const { cache, kept, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { memory: BLOCKS * BLOCK });
  const first = get(store, 'a');
  const timer = setInterval(letAll, 1);
  expect(await first).toBe(true);
  await until(() => kept.blocks.size === BLOCKS);
  clearInterval(timer);
  // Takes all memory, and keeps it.
  expect(await get(store, 'b')).toBe(true);
  const { operations } = storage;
  expect(await get(store, 'a')).toBe(true);
  expect(storage.operations).toBe(operations);
  letAll();
});

test('the unfinished block of a slow client takes memory until it is stored; a stored block does not', async () => {
  const cache = mapCache();
  const memory = memoryStore();
  for (const key of KEYS) await memory.put(key, bytes);
  // Chunks of half a block.
  const storage = counted(small(memory, BLOCK / 2));
  const store = withBlockCache(storage, cache, { blockSize: BLOCK, memory: BLOCK });
  const reader = (await open(store, 'a')).body.getReader();
  await reader.read();
  expect(await get(store, 'b')).toBe(true);
  expect(cache.blocks.size).toBe(0);
  await reader.read();
  await until(() => cache.blocks.size === 1);
  expect(await get(store, 'c')).toBe(true);
  await until(() => cache.blocks.size > 1);
  await reader.cancel();
  await until(() => storage.open === 0);
});

test('memory is released when a client disconnects', async () => {
  const cache = mapCache();
  const { storage, store } = await setUp(cache, { memory: BLOCK });
  const { body } = await open(store, 'a');
  await body.cancel();
  await until(() => storage.open === 0);
  expect(await get(store, 'b')).toBe(true);
  await until(() => cache.blocks.size > 0);
});

test('memory is released when the storage fails', async () => {
  const cache = mapCache();
  const { memory, storage } = await setUp(cache, {});
  let isBroken = true;
  const store = withBlockCache(
    {
      head: storage.head,
      async read(...args) {
        const result = await storage.read(...args);
        if (!isBroken || result.type !== 'open') return result;
        await result.body.cancel();
        return { ...result, body: new ReadableStream({ pull: () => Promise.reject(new Error('reset')) }) };
      },
    },
    cache,
    { blockSize: BLOCK, memory: 2 * BLOCK },
  );
  for (const key of KEYS) await expect(get(store, key)).rejects.toThrow();
  isBroken = false;
  await memory.put('again', bytes);
  await sleep(10);
  expect(await get(store, 'again')).toBe(true);
  await until(() => cache.blocks.size > 0);
});

test('a response that finds no memory in the middle continues with the same read, and its further blocks are not stored', async () => {
  const { cache, waiting, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { memory: 2 * BLOCK });
  // Its own first blocks are not stored yet, so there is no memory for the third.
  expect(await get(store, 'a')).toBe(true);
  expect(waiting.length).toBe(2);
  expect(storage.operations).toBe(1);
  letAll();
  await until(() => storage.open === 0);
});

/** Wraps a store: its chunks have at most `most` bytes. */
function small(store: ObjectStore, most: number): ObjectStore {
  return {
    head: store.head,
    async read(...args) {
      const result = await store.read(...args);
      if (result.type !== 'open') return result;
      const reader = result.body.getReader();
      let rest: Uint8Array = new Uint8Array(0);
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (rest.length === 0) rest = (await reader.read()).value ?? rest;
            if (rest.length === 0) return controller.close();
            controller.enqueue(rest.slice(0, most));
            rest = rest.subarray(most);
          },
          cancel: () => reader.cancel(),
        },
        { highWaterMark: 0 },
      );
      return { ...result, body };
    },
  };
}
