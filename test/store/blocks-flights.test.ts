import { describe, expect, test } from 'vitest';
import { withBlocks, type BlocksOptions, type BlockStore } from '../../src/store/blocks.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../../src/store/object-store.ts';
import { strongTag } from '../../src/http/index.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted, sleep, until } from './counted.ts';
import { mapCache } from './map-cache.ts';
import { expectNoneUnhandled } from './unhandled.ts';

expectNoneUnhandled();

const BLOCK = 128 * 1024;
const SIZE = 8 * BLOCK;
const bytes = pseudoRandom(SIZE);

async function setUp(options: Partial<BlocksOptions> = {}, delay = 0) {
  const memory = memoryStore();
  await memory.put('key', bytes);
  const storage = counted(memory, delay);
  const cache = mapCache();
  return { memory, storage, cache, store: withBlocks(storage, cache, { blockSize: BLOCK, ...options }) };
}

async function open(store: BlockStore, range?: ReadOptions['range']): Promise<OpenObject> {
  const result = await store.read('key', { range });
  if (result.type !== 'open') throw new Error(result.type);
  return result;
}

async function get(store: BlockStore, range?: ReadOptions['range']): Promise<Uint8Array> {
  return new Uint8Array(await new Response((await open(store, range)).body).arrayBuffer());
}

/** The memory store with chunks that come slowly. */
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

describe('one read for all', () => {
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

  test('50 at once with a slow cache: still 1', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(memory);
    const cache = mapCache();
    const store = withBlocks(
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

  test('50 at once that ask whether it changed: 1', async () => {
    const { memory, storage, store } = await setUp({}, 5);
    const etag = (await memory.head('key'))?.etag;
    const call = () => store.read('key', { conditions: { ifNoneMatch: etag === undefined ? [] : [etag] } });
    const all = await Promise.all(Array.from({ length: 50 }, call));
    expect(all.every(({ type }) => type === 'unmodified')).toBe(true);
    expect(storage.operations).toBe(1);
    await call();
    expect(storage.operations).toBe(1);
  });

  test('a read that fails is not shared with those who come after it', async () => {
    const { memory, cache } = await setUp();
    let fails = true;
    const store = withBlocks(
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

describe('a client that leaves', () => {
  test.for([0, 1, 2])('after %i pieces: the block under way is kept, and nothing more is read', async (pulls) => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 2));
    const cache = mapCache();
    const store = withBlocks(storage, cache, { blockSize: BLOCK, segment: 8, ahead: 0 });
    const { body } = await open(store);
    const reader = body.getReader();
    for (let i = 0; i < pulls; i++) await reader.read();
    const taken = storage.bytes;
    await reader.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes).toBeLessThanOrEqual(Math.ceil((taken + 1) / BLOCK) * BLOCK);
    expect(cache.blocks.size).toBe(Math.floor(storage.bytes / BLOCK));
    // Nothing is left behind that a later request would wait for.
    expect(equal(await get(store), bytes)).toBe(true);
    expect(storage.bytes).toBe(SIZE);
  });

  test('with readahead: within one block of every read', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 20));
    const store = withBlocks(storage, mapCache(), { blockSize: BLOCK, segment: 2, ahead: 2 });
    const { body } = await open(store);
    const reader = body.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    await until(() => storage.mostOpen > 1);
    const taken = storage.bytes;
    await reader.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes - taken).toBeLessThanOrEqual(storage.mostOpen * BLOCK);
    expect(storage.bytes).toBeLessThan(SIZE);
  });

  test('while the storage is silent: the read is given up as soon as it answers', async () => {
    const { storage, store, memory } = await setUp({ segment: 8 }, 60);
    await store.head('key');
    const { body } = await open(store);
    const stop = body.getReader();
    await stop.cancel();
    await until(() => storage.open === 0);
    expect(storage.bytes).toBeLessThanOrEqual(2 * BLOCK);
    await memory.put('other', bytes);
    expect(storage.operations).toBe(2);
  });

  test('those who share its read get their bytes, by the same read', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(slow(memory, 2));
    const store = withBlocks(storage, mapCache(), { blockSize: BLOCK });
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

  test('one who joins as the read is given up gets its bytes too', async () => {
    for (let wait = 0; wait < 12; wait++) {
      const memory = memoryStore();
      await memory.put('key', bytes);
      const storage = counted(slow(memory, 1));
      const store = withBlocks(storage, mapCache(), { blockSize: BLOCK });
      const leading = await open(store);
      await leading.body.cancel();
      await sleep(wait / 2);
      expect(equal(await get(store), bytes)).toBe(true);
      await until(() => storage.open === 0);
    }
  });

  test('an answer that nobody reads holds nothing', async () => {
    const { storage, store } = await setUp();
    for (const range of [undefined, { form: 'suffix', length: 10 }, { form: 'bounded', start: 5, end: 9 }] as const) {
      const { body } = await open(store, range);
      await body.cancel();
      await until(() => storage.open === 0);
    }
  });
});

/** An object too large for anything but to be read in passing. */
function sparse(size: number): ObjectStore {
  const representation = { size, etag: strongTag('sparse'), lastModified: new Date(0) };
  const chunk = new Uint8Array(64 * 1024);
  return {
    head: async () => representation,
    async read(_, { range } = {}) {
      if (range === undefined || range.form === 'suffix') throw new Error('not asked for here');
      const { start } = range;
      let at = start;
      const end = range.form === 'bounded' ? Math.min(range.end, size) : size;
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

describe('the pace', () => {
  test('a client that pulls rarely holds a window and what was read ahead, whatever the size', async () => {
    const storage = counted(sparse(2 ** 40));
    const settings = { blockSize: BLOCK, segment: 4, ahead: 2, maxBlocks: 2 ** 30 };
    const store = withBlocks(storage, forgetful, settings);
    const reader = (await open(store)).body.getReader();
    const window = settings.segment * BLOCK;
    let pulled = 0;
    let most = 0;
    for (let i = 0; i < 40; i++) {
      pulled += (await reader.read()).value?.length ?? 0;
      if (i % 4 === 0) await sleep(20);
      most = Math.max(most, storage.bytes - pulled);
    }
    expect(most).toBeLessThanOrEqual((1 + settings.ahead) * window);
    await reader.cancel();
    await until(() => storage.open === 0);
  });

  test('one that is slower than the storage by far is not read ahead for', async () => {
    const storage = counted(sparse(2 ** 40));
    const store = withBlocks(storage, forgetful, { blockSize: BLOCK, segment: 1, ahead: 2, maxBlocks: 2 ** 30 });
    const reader = (await open(store)).body.getReader();
    for (let i = 0; i < 4; i++) await reader.read();
    let pulled = 4 * BLOCK;
    for (let i = 0; i < 3; i++) {
      await sleep(1_050);
      pulled += (await reader.read()).value?.length ?? 0;
    }
    expect(storage.bytes - pulled).toBeLessThanOrEqual(BLOCK);
    await reader.cancel();
  });

  test('one that is fast has several reads of the storage at work', async () => {
    const { storage, store } = await setUp({ segment: 1, ahead: 2 }, 60);
    expect(equal(await get(store), bytes)).toBe(true);
    // And the spare, which is not read.
    expect(storage.mostOpen).toBe(4);
  });
});
