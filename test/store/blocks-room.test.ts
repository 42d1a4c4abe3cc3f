import { expect, test } from 'vitest';
import type { BlockCache } from '../../src/cache/block-cache.ts';
import { withBlocks, type BlocksOptions } from '../../src/store/blocks.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { newTally, type OpenObject, type ReadOptions, type Tally } from '../../src/store/object-store.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted, sleep, until } from './counted.ts';
import { mapCache } from './map-cache.ts';
import { expectNoneUnhandled } from './unhandled.ts';

expectNoneUnhandled();

const BLOCK = 64 * 1024;
const BLOCKS = 6;
const bytes = pseudoRandom(BLOCKS * BLOCK);
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A cache whose puts end when they are let. */
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

async function setUp(cache: BlockCache, options: Partial<BlocksOptions>) {
  const memory = memoryStore();
  for (const key of KEYS) await memory.put(key, bytes);
  const storage = counted(memory);
  const settings = { blockSize: BLOCK, segment: 2, ahead: 1, cacheTimeout: 60_000, ...options };
  return { memory, storage, store: withBlocks(storage, cache, settings) };
}

type Store = Awaited<ReturnType<typeof setUp>>['store'];

async function open(store: Store, key: string, options: ReadOptions = {}): Promise<OpenObject> {
  const result = await store.read(key, options);
  if (result.type !== 'open') throw new Error(result.type);
  return result;
}

async function get(store: Store, key: string, tally: Tally = newTally()): Promise<boolean> {
  const { body } = await open(store, key, { tally });
  return equal(new Uint8Array(await new Response(body).arrayBuffer()), bytes);
}

test('of many cold downloads at once, no more blocks wait to be kept than there is room for, and all are exact', async () => {
  const { cache, waiting, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { room: 3 * BLOCK });
  expect(await Promise.all(KEYS.map((key) => get(store, key)))).toEqual(KEYS.map(() => true));
  // None was let, so those that wait now are all that ever did.
  expect(waiting.length).toBeGreaterThan(0);
  expect(waiting.length).toBeLessThanOrEqual(3);
  // One of them has a window in the cache, and then the rest in one read; all others are one read each.
  expect(storage.operations).toBeLessThanOrEqual(KEYS.length + 2);
  letAll();
  await until(() => storage.open === 0);
});

test('without room, an answer is one read of just its bytes past the cache, known object or not', async () => {
  const cache = mapCache();
  const { storage, store } = await setUp(cache, { room: BLOCK });
  for (const isKnown of [false, true]) {
    storage.operations = 0;
    storage.bytes = 0;
    const tally = newTally();
    expect(await get(store, 'a', tally)).toBe(true);
    expect([isKnown, storage.operations, storage.bytes]).toEqual([isKnown, 1, bytes.length]);
    expect(tally.cache).toMatchObject({ forward: isKnown ? 'bypass' : 'uri-miss', isStored: false, hits: 0 });
  }
  expect(cache.blocks.size).toBe(0);
});

test('what is cached is served although there is no room', async () => {
  const { cache, kept, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { room: BLOCKS * BLOCK });
  const first = get(store, 'a');
  const timer = setInterval(letAll, 1);
  expect(await first).toBe(true);
  await until(() => kept.blocks.size === BLOCKS);
  clearInterval(timer);
  // Fills the room, and leaves it full.
  expect(await get(store, 'b')).toBe(true);
  const { operations } = storage;
  expect(await get(store, 'a')).toBe(true);
  expect(storage.operations).toBe(operations);
  letAll();
});

test('room comes back when blocks are kept and their answer is sent, and not before', async () => {
  const cache = mapCache();
  const { storage, store } = await setUp(cache, { room: 2 * BLOCK, ahead: 0 });
  const reader = (await open(store, 'a')).body.getReader();
  await reader.read();
  // Two blocks are in the cache, and wait for their client.
  await until(() => cache.blocks.size === 2);
  expect(await get(store, 'b')).toBe(true);
  expect(cache.blocks.size).toBe(2);
  await reader.cancel();
  await until(() => storage.open === 0);
  expect(await get(store, 'c')).toBe(true);
  await until(() => cache.blocks.size > 2);
});

test('room comes back where the storage fails', async () => {
  const cache = mapCache();
  const { memory, storage } = await setUp(cache, {});
  let isBroken = true;
  const store = withBlocks(
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
    { blockSize: BLOCK, segment: 2, ahead: 1, room: 2 * BLOCK },
  );
  for (const key of KEYS) await expect(get(store, key)).rejects.toThrow();
  isBroken = false;
  await memory.put('again', bytes);
  await sleep(10);
  expect(await get(store, 'again')).toBe(true);
  await until(() => cache.blocks.size > 0);
});

test('an answer that loses its room on the way goes on past the cache in one read', async () => {
  const { cache, waiting, letAll } = heldCache();
  const { storage, store } = await setUp(cache, { room: 2 * BLOCK, ahead: 0 });
  const tally = newTally();
  // The blocks of its own first window are not in the cache yet, so that there is none for the second.
  expect(await get(store, 'a', tally)).toBe(true);
  expect(waiting.length).toBe(2);
  expect(storage.operations).toBe(2);
  letAll();
  await until(() => storage.open === 0);
});
