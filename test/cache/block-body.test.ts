import { describe, expect, test } from 'vitest';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore, OpenObject } from '../../src/store/object-store.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { withInterruptions, type Break } from '../store/with-interruptions.ts';
import { counted, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

const BLOCK = 1_000;
const bytes = pseudoRandom(20_500);
const options = { blockSize: BLOCK };

async function setUp(around: (store: ObjectStore) => ObjectStore = (store) => store) {
  const memory = memoryStore();
  await memory.put('key', bytes);
  const storage = counted(around(memory));
  return { memory, storage, store: withBlockCache(storage, mapCache(), options) };
}

async function open(store: ObjectStore, start = 0, end = bytes.length): Promise<OpenObject> {
  const result = await store.read(
    'key',
    start === 0 && end === bytes.length ? {} : { range: { form: 'bounded', start, end } },
  );
  if (result.type !== 'open') throw new Error(result.type);
  return result;
}

async function get(store: ObjectStore, start?: number, end?: number): Promise<Uint8Array> {
  return new Uint8Array(await new Response((await open(store, start, end)).body).arrayBuffer());
}

/** Reads a body, and calls a function after a given number of chunks. */
async function readWith(
  { body }: OpenObject,
  work: Readonly<Record<number, () => Promise<unknown>>>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  for (;;) {
    await work[chunks.length]?.();
    const { value } = await reader.read();
    if (value === undefined) return Buffer.concat(chunks);
    chunks.push(value);
  }
}

describe('a body ends with the version it began with if the object is replaced while it is sent', () => {
  test.for([0, 1, 4, 5, 9, 19])('after %i blocks', async (at) => {
    const { memory, storage, store } = await setUp();
    const replace = () => memory.put('key', bytes.toReversed());
    expect(equal(await readWith(await open(store), { [at]: replace }), bytes)).toBe(true);
    await until(() => storage.open === 0);
    store.purge('key');
    expect(equal(await get(store), bytes.toReversed())).toBe(true);
  });

  test('the object is replaced twice', async () => {
    const { memory, storage, store } = await setUp();
    const body = await readWith(await open(store), {
      2: () => memory.put('key', bytes.toReversed()),
      6: () => memory.put('key', bytes.slice(9)),
    });
    expect(equal(body, bytes)).toBe(true);
    await until(() => storage.open === 0);
  });

  test('a range that ends inside a block is not read beyond its end', async () => {
    const { memory, storage, store } = await setUp();
    const body = await readWith(await open(store, 1_500, 17_300), { 1: () => memory.put('key', bytes.toReversed()) });
    expect(equal(body, bytes.subarray(1_500, 17_300))).toBe(true);
    await until(() => storage.open === 0);
  });

  test('with metadata known, and with the first window cached', async () => {
    for (const known of [() => undefined, async (store: ObjectStore) => get(store, 0, 4 * BLOCK)]) {
      const { memory, storage, store } = await setUp();
      await store.head('key');
      await known(store);
      const body = await readWith(await open(store), { 1: () => memory.put('key', bytes.toReversed()) });
      expect(equal(body, bytes)).toBe(true);
      await until(() => storage.open === 0);
    }
  });

  test('several clients at once, each at its own pace', async () => {
    const { memory, storage, store } = await setUp();
    const answers = await Promise.all([open(store), open(store), open(store)]);
    const replace = () => memory.put('key', bytes.toReversed());
    const bodies = await Promise.all(answers.map((answer, i) => readWith(answer, { [i * 3 + 1]: replace })));
    for (const body of bodies) expect(equal(body, bytes)).toBe(true);
    await until(() => storage.open === 0);
  });
});

describe('storage operations for a body of one version', () => {
  test('cold: one operation, for an object of any size', async () => {
    const { storage, store } = await setUp();
    await get(store);
    expect(storage.operations).toBe(1);
  });

  test('warm: none; with only the first blocks cached: one read of the others', async () => {
    const { storage, store } = await setUp();
    await get(store, 0, 4 * BLOCK);
    storage.operations = 0;
    await get(store);
    expect(storage.operations).toBe(1);
    await get(store);
    expect(storage.operations).toBe(1);
  });

  test('with blocks cached in the middle: one more for each gap', async () => {
    const { storage, store } = await setUp();
    for (const at of [3, 4, 9, 15]) await get(store, at * BLOCK, (at + 1) * BLOCK);
    storage.operations = 0;
    storage.bytes = 0;
    expect(equal(await get(store), bytes)).toBe(true);
    expect(storage.operations).toBe(4);
    expect(storage.bytes).toBe(bytes.length - 4 * BLOCK);
  });

  test('a response of a few blocks leaves no read open', async () => {
    const { storage, store } = await setUp();
    await get(store, 0, 4 * BLOCK);
    expect([storage.operations, storage.mostOpen]).toEqual([1, 1]);
    await until(() => storage.open === 0);
  });
});

describe('an interrupted read', () => {
  test.for(['fails', 'ends'] as const)(
    '%s after the object was replaced: the body fails, and no versions are mixed',
    async (how: Break) => {
      const { memory, storage, store } = await setUp((inner) =>
        withInterruptions(inner, (read) => (read === 0 ? { how, after: 5 * BLOCK } : undefined)),
      );
      const reading = readWith(await open(store), { 1: () => memory.put('key', bytes.toReversed()) });
      await expect(reading).rejects.toMatchObject({ name: 'StoreError' });
      await until(() => storage.open === 0);
      expect(equal(await get(store), bytes.toReversed())).toBe(true);
    },
  );

  test('hangs while the object is unchanged: it is resumed', async () => {
    const { storage, store } = await setUp((inner) =>
      withResume(
        withInterruptions(inner, (read) => (read === 0 ? { how: 'hangs', after: 4 * BLOCK } : undefined)),
        { idleTimeout: 30 },
      ),
    );
    expect(equal(await get(store), bytes)).toBe(true);
    await until(() => storage.open === 0);
  });

  test.for([0, 1, 5, 12])('the client disconnects after %i chunks: it is closed', async (pulls) => {
    const { storage, store } = await setUp();
    const reader = (await open(store)).body.getReader();
    for (let i = 0; i < pulls; i++) await reader.read();
    await reader.cancel();
    await until(() => storage.open === 0);
  });

  test('the client disconnects while a chunk is pending: it is closed', async () => {
    // Larger than the chunks of the memory store, so that another read is needed.
    const blockSize = 128 * 1024;
    const memory = memoryStore();
    await memory.put('key', new Uint8Array(12 * blockSize));
    const storage = counted(memory);
    const store = withBlockCache(storage, mapCache(), { ...options, blockSize });
    const reader = (await open(store)).body.getReader();
    await memory.put('key', bytes);
    for (let i = 0; i < 8; i++) await reader.read();
    expect(storage.open).toBe(1);
    await reader.cancel();
    await until(() => storage.open === 0);
  });
});
