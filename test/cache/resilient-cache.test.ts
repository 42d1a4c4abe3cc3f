import { describe, expect, test } from 'vitest';
import type { BlockCache, CachedBytes } from '../../src/cache/block-cache.ts';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore, ReadOptions } from '../../src/store/object-store.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { bodyOf } from '../gateway/store-double.ts';
import { counted, sleep, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

const BLOCK = 1_000;
const bytes = pseudoRandom(20_500);
const options = { blockSize: BLOCK, cacheTimeout: 20 };

/** A cache that has all blocks, with a replaced get(). */
function faulty(give: (bytes: Uint8Array) => Promise<CachedBytes | undefined>, put?: BlockCache['put']): BlockCache {
  const cache = mapCache();
  return {
    async get(name, part) {
      const found = await cache.get(name, part);
      return found instanceof Uint8Array ? give(found) : found;
    },
    put: put ?? cache.put,
  };
}

const never = () => new Promise<never>(() => undefined);
const fails = async () => {
  throw new Error('no cache today');
};
const broken = new Error('the cache broke');
/** A stream that hangs after these bytes. */
const silentAfter = (some: Uint8Array) =>
  new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(some) }, { highWaterMark: 0 });

const caches: Readonly<Record<string, () => BlockCache>> = {
  'get throws': () => faulty(fails),
  'get throws at once': () => ({
    get() {
      throw new Error('no cache today');
    },
    put: mapCache().put,
  }),
  'get hangs': () => faulty(never),
  'get gives a stream too late': () =>
    faulty(async (some) => {
      await sleep(60);
      return bodyOf([some]);
    }),
  'get gives too few bytes': () => faulty(async (some) => some.subarray(1)),
  'get gives no bytes': () => faulty(async () => new Uint8Array(0)),
  'get gives an empty stream': () => faulty(async () => bodyOf([])),
  'get gives a stream of empty chunks': () => faulty(async () => bodyOf([new Uint8Array(0), new Uint8Array(0)])),
  'a stream ends early': () => faulty(async (some) => bodyOf([some.slice(0, 7), some.slice(7, 99)])),
  'a stream breaks at once': () => faulty(async () => bodyOf([], broken)),
  'a stream breaks in the middle': () => faulty(async (some) => bodyOf([some.slice(0, some.length / 2)], broken)),
  'a stream breaks after its last byte': () => faulty(async (some) => bodyOf([some], broken)),
  'a stream falls silent': () => faulty(async (some) => silentAfter(some.slice(0, some.length / 2))),
  'a stream is too long': () => faulty(async (some) => bodyOf([some, new Uint8Array(10)])),
  'a good stream': () => faulty(async (some) => bodyOf([some])),
  'put throws': () => faulty(async (some) => some, fails),
  'put hangs': () => faulty(async (some) => some, never),
  'put throws at once': () =>
    faulty(
      async (some) => some,
      () => {
        throw new Error('no cache today');
      },
    ),
};

async function get(store: ObjectStore, range?: ReadOptions['range']): Promise<Uint8Array> {
  const result = await store.read('key', { range });
  if (result.type !== 'open') throw new Error(result.type);
  return new Uint8Array(await new Response(result.body).arrayBuffer());
}

describe('a failing cache makes no download fail', () => {
  test.for(Object.keys(caches))('%s', async (name) => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const storage = counted(memory);
    const cache = caches[name]?.() ?? mapCache();
    const store = withBlockCache(storage, cache, options);
    for (let i = 0; i < 3; i++) {
      expect(equal(await get(store), bytes)).toBe(true);
      expect(equal(await get(store, { form: 'suffix', length: 1_700 }), bytes.slice(-1_700))).toBe(true);
      expect(equal(await get(store, { form: 'bounded', start: 950, end: 7_050 }), bytes.slice(950, 7_050))).toBe(true);
      expect(equal(await get(store, { form: 'bounded', start: 995, end: 1_100 }), bytes.slice(995, 1_100))).toBe(true);
    }
    await until(() => storage.open === 0);
  });

  test('a broken cache stream is resumed at the exact byte, from the same version', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const asked: ReadOptions[] = [];
    const seen: ObjectStore = {
      head: memory.head,
      read(key, call = {}) {
        asked.push(call);
        return memory.read(key, call);
      },
    };
    const store = withBlockCache(
      seen,
      faulty(async (some) => bodyOf([some.slice(0, 7)], broken)),
      options,
    );
    await get(store);
    asked.length = 0;
    expect(equal(await get(store, { form: 'bounded', start: 2_100, end: 2_900 }), bytes.slice(2_100, 2_900))).toBe(
      true,
    );
    const representation = await memory.head('key');
    expect(asked.map(({ range, conditions }) => ({ range, conditions }))).toEqual([
      { range: { form: 'bounded', start: 2_107, end: 2_900 }, conditions: { ifMatch: [representation?.etag] } },
    ]);
  });

  test('a cache stream that breaks after the object was replaced makes the body fail, without bytes of another version', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    const store = withBlockCache(
      memory,
      faulty(async (some) => bodyOf([some.slice(0, 7)], broken)),
      options,
    );
    await get(store);
    await memory.put('key', bytes.toReversed());
    await expect(get(store)).rejects.toMatchObject({ code: 'version-changed' });
    expect(equal(await get(store), bytes.toReversed())).toBe(true);
  });

  test('a hanging cache delays one request by its timeout, and is then not used for a while', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    let gets = 0;
    const store = withBlockCache(
      memory,
      {
        get() {
          gets++;
          return never();
        },
        put: never,
      },
      options,
    );
    for (let i = 0; i < 5; i++) expect(equal(await get(store), bytes)).toBe(true);
    expect(gets).toBeLessThanOrEqual(2);
  });

  test('each stream of a cache is read to its end or closed', async () => {
    const memory = memoryStore();
    await memory.put('key', bytes);
    let open = 0;
    const cache = faulty(async (some) => {
      open++;
      const chunks = [some.slice()];
      return new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            const chunk = chunks.shift();
            if (chunk !== undefined) return controller.enqueue(chunk);
            open--;
            controller.close();
          },
          cancel: () => void open--,
        },
        { highWaterMark: 0 },
      );
    });
    const store = withBlockCache(memory, cache, options);
    await get(store);
    for (const pulls of [0, 1, 3]) {
      const result = await store.read('key');
      if (result.type !== 'open') throw new Error(result.type);
      const reader = result.body.getReader();
      for (let i = 0; i < pulls; i++) await reader.read();
      await reader.cancel();
      await until(() => open === 0);
    }
  });
});
