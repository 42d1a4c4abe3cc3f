import { describe, expect, test } from 'vitest';
import { withBlockCache, type BlockCacheOptions, type BlockCacheStore } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../../src/store/object-store.ts';
import { strongTag } from '../../src/http/index.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted, sleep, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

const BLOCK = 128 * 1024;
const SIZE = 8 * BLOCK;
const bytes = pseudoRandom(SIZE);

async function setUp(options: Partial<BlockCacheOptions> = {}, delay = 0) {
  const memory = memoryStore();
  await memory.put('key', bytes);
  const storage = counted(memory, delay);
  const cache = mapCache();
  return { memory, storage, cache, store: withBlockCache(storage, cache, { blockSize: BLOCK, ...options }) };
}

async function open(store: BlockCacheStore, range?: ReadOptions['range']): Promise<OpenObject> {
  const result = await store.read('key', { range });
  if (result.type !== 'open') throw new Error(result.type);
  return result;
}

async function get(store: BlockCacheStore, range?: ReadOptions['range']): Promise<Uint8Array> {
  return new Uint8Array(await new Response((await open(store, range)).body).arrayBuffer());
}

/** The memory store with slow chunks. */
function slow(store: ObjectStore, ms: number): ObjectStore {
  return {
    head: store.head,
    async read(...args) {
      const result = await store.read(...args);
      if (result.type !== 'open') return result;
      const reader = result.body.getReader();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await sleep(ms);
            const { value } = await reader.read();
            if (value === undefined) controller.close();
            else controller.enqueue(value);
          },
          cancel: () => reader.cancel(),
        },
        { highWaterMark: 0 },
      );
      return { ...result, body };
    },
  };
}

describe('one storage read for all clients of a block', () => {
  test.for([
    ['cold', false, undefined],
    ['cold, one block', false, { form: 'bounded', start: 0, end: BLOCK }],
    ['with metadata', true, undefined],
    ['with metadata, one block', true, { form: 'bounded', start: 2 * BLOCK, end: 3 * BLOCK }],
  ] as const)('50 at once, %s: 1 operation', async ([, isKnown, range]) => {
    const { storage, store } = await setUp({}, 5);
    if (isKnown) await store.head('key');
    storage.operations = 0;
    const all = await Promise.all(Array.from({ length: 50 }, () => get(store, range)));
    const { start, end } = range ?? { start: 0, end: SIZE };
    for (const one of all) expect(equal(one, bytes.subarray(start, end))).toBe(true);
    expect(storage.operations).toBe(1);
    expect(storage.bytes).toBe(end - start);
  });

  test('50 requests at once with a slow cache: 1', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(memory);
    const cache = mapCache();
    const store = withBlockCache(
      storage,
      {
        async get(name, part) {
          await sleep(name.index % 3);
          return cache.get(name, part);
        },
        put: cache.put,
      },
      { blockSize: BLOCK },
    );
    await Promise.all(Array.from({ length: 50 }, () => get(store)));
    expect(storage.operations).toBe(1);
  });

  test('50 conditional requests at once: 1', async () => {
    const { memory, storage, store } = await setUp({}, 5);
    const etag = (await memory.head('key'))?.etag;
    const call = () => store.read('key', { conditions: { ifNoneMatch: etag === undefined ? [] : [etag] } });
    const all = await Promise.all(Array.from({ length: 50 }, call));
    expect(all.every(({ type }) => type === 'unmodified')).toBe(true);
    expect(storage.operations).toBe(1);
    await call();
    expect(storage.operations).toBe(1);
  });

  test('a failed read is not shared with later requests', async () => {
    const { memory, cache } = await setUp();
    let fails = true;
    const store = withBlockCache(
      {
        head: memory.head,
        async read(...args) {
          if (fails) throw new Error('a fault of the driver');
          return memory.read(...args);
        },
      },
      cache,
      { blockSize: BLOCK },
    );
    const first = await Promise.allSettled([get(store), get(store), get(store)]);
    expect(first[0].status).toBe('rejected');
    fails = false;
    expect(equal(await get(store), bytes)).toBe(true);
  });
});

describe('a client that disconnects', () => {
  test.for([0, 1, 2])('after %i chunks: the current block is stored, and no more is read', async (pulls) => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 2));
    const cache = mapCache();
    const store = withBlockCache(storage, cache, { blockSize: BLOCK });
    const { body } = await open(store);
    const reader = body.getReader();
    for (let i = 0; i < pulls; i++) await reader.read();
    const taken = storage.bytes;
    await reader.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes).toBeLessThanOrEqual(Math.ceil((taken + 1) / BLOCK) * BLOCK);
    expect(cache.blocks.size).toBe(Math.floor(storage.bytes / BLOCK));
    // A later request does not wait for anything of the first.
    expect(equal(await get(store), bytes)).toBe(true);
    expect(storage.bytes).toBe(SIZE);
  });

  test('two far apart have a read each, which stops within one block after the disconnect', async () => {
    const memory = memoryStore();
    await memory.put('key', pseudoRandom(32 * BLOCK));
    const storage = counted(slow(memory, 2));
    const store = withBlockCache(storage, mapCache(), { blockSize: BLOCK });
    await store.head('key');
    const readers = [];
    for (const start of [0, 20 * BLOCK]) readers.push((await open(store, { form: 'from', start })).body.getReader());
    for (const reader of readers) for (let i = 0; i < 3; i++) await reader.read();
    expect(storage.open).toBe(2);
    const taken = storage.bytes;
    for (const reader of readers) await reader.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes - taken).toBeLessThanOrEqual(2 * BLOCK);
  });

  test('while the storage has not responded: the read is closed as soon as it responds', async () => {
    const { storage, store, memory } = await setUp({}, 60);
    await store.head('key');
    const { body } = await open(store);
    const stop = body.getReader();
    await stop.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes).toBeLessThanOrEqual(2 * BLOCK);
    await memory.put('other', bytes);
    expect(storage.operations).toBe(2);
  });

  test('other clients of its read get their bytes by the same read', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 2));
    const store = withBlockCache(storage, mapCache(), { blockSize: BLOCK });
    const leading = await open(store);
    const followers = [get(store), get(store)];
    const reader = leading.body.getReader();
    await reader.read();
    await sleep(5);
    await reader.cancel();
    for (const follower of followers) expect(equal(await follower, bytes)).toBe(true);
    expect(storage.operations).toBe(1);
    expect(storage.bytes).toBe(SIZE);
  });

  test('a client that joins as the read is being closed gets its bytes too', async () => {
    for (let wait = 0; wait < 12; wait++) {
      const memory = memoryStore();
      await memory.put('key', bytes);
      const storage = counted(slow(memory, 1));
      const store = withBlockCache(storage, mapCache(), { blockSize: BLOCK });
      const leading = await open(store);
      await leading.body.cancel();
      await sleep(wait / 2);
      expect(equal(await get(store), bytes)).toBe(true);
      await until(() => storage.open === 0);
    }
  });

  test('an unread response holds no block', async () => {
    const { storage, store } = await setUp();
    for (const range of [undefined, { form: 'suffix', length: 10 }, { form: 'bounded', start: 5, end: 9 }] as const) {
      const { body } = await open(store, range);
      await body.cancel();
      await until(() => storage.open === 0);
    }
  });
});

/** An object too large for the cache and for memory. */
function sparse(size: number): ObjectStore {
  const representation = { size, etag: strongTag('sparse'), lastModified: new Date(0) };
  const chunk = new Uint8Array(64 * 1024);
  return {
    head: async () => representation,
    async read(_, { range } = {}) {
      if (range?.form === 'suffix') throw new Error('not asked for here');
      const start = range?.start ?? 0;
      let at = start;
      const end = range?.form === 'bounded' ? Math.min(range.end, size) : size;
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            controller.enqueue(chunk.slice(0, end - at));
            at += Math.min(chunk.length, end - at);
            if (at === end) controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      return { type: 'open', representation, span: { start, end }, body };
    },
  };
}

const forgetful = { get: async () => undefined, put: async () => undefined };

describe('back-pressure', () => {
  test('a slow client holds one block, for an object of any size', async () => {
    const storage = counted(sparse(2 ** 40));
    const store = withBlockCache(storage, forgetful, { blockSize: BLOCK, maxBlocks: 2 ** 30 });
    const reader = (await open(store)).body.getReader();
    let pulled = 0;
    let most = 0;
    for (let i = 0; i < 40; i++) {
      pulled += (await reader.read()).value?.length ?? 0;
      if (i % 4 === 0) await sleep(20);
      most = Math.max(most, storage.bytes - pulled);
    }
    expect(most).toBeLessThanOrEqual(BLOCK);
    expect(storage.operations).toBe(1);
    await reader.cancel();
    await until(() => storage.open === 0);
  });

  test('a fast follower is not slowed by a slow leader, and costs at most one more read', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 1));
    const store = withBlockCache(storage, mapCache(), { blockSize: BLOCK });
    const leader = (await open(store)).body.getReader();
    const led = [(await leader.read()).value ?? new Uint8Array(0)];
    expect(equal(await get(store), bytes)).toBe(true);
    expect(storage.operations).toBeLessThanOrEqual(2);
    const { operations } = storage;
    for (let i = 0; ; i++) {
      const { value } = await leader.read();
      if (value === undefined) break;
      led.push(value);
    }
    expect(equal(Buffer.concat(led), bytes)).toBe(true);
    expect(storage.operations).toBe(operations);
    await until(() => storage.open === 0);
  });

  test.for([1, 2, 3])(
    'a follower %i blocks behind a leader reads the cached blocks and then joins its read',
    async (ahead) => {
      const { storage, store } = await setUp();
      const leader = (await open(store)).body.getReader();
      for (let i = 0; i < 2 * ahead; i++) await leader.read();
      expect(equal(await get(store), bytes)).toBe(true);
      expect(storage.operations).toBe(1);
      await leader.cancel();
      await until(() => storage.open === 0);
    },
  );
});
