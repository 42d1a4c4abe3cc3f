import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RangeSpec } from '../../../src/http/index.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { type ObjectStore } from '../../../src/store/object-store.ts';
import { newRequestStats } from '../../../src/store/request-stats.ts';
import { withParallelReads } from '../../../src/store/wrappers/with-parallel-reads.ts';
import { withResume } from '../../../src/store/wrappers/with-resume.ts';
import { retryBudgetOf, retryBudget, withRetryBudget } from '../../../src/store/wrappers/retry-budget.ts';
import { withRanges } from '../../../src/store/wrappers/with-ranges.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';
import { describeObjectStore } from '../../contract/object-store.ts';
import { withInterruptions, withTag } from '../with-interruptions.ts';
import { counted } from '../counted-store.ts';
import { withReusableMemory } from '../with-reusable-memory.ts';
import { withScriptedReads, BYTES, bytesOf, memoryWith, open, PART } from './ten-parts.ts';
import { expectNoUnhandledRejections } from '../../unhandled-rejections.ts';

expectNoUnhandledRejections();
afterEach(() => void vi.useRealTimers());

const FAST = { idleTimeout: 1_000, patience: 5_000, backoff: { first: 1, most: 2 } };
describeObjectStore('withParallelReads(memoryStore())', async () => {
  const memory = memoryStore();
  const tiny = withParallelReads(memory, { connections: 3, partSize: 4 });
  const larger = withParallelReads(memory, { connections: 3, partSize: 4_001 });
  const store: ObjectStore = {
    head: (...args) => tiny.head(...args),
    read: (key, options) => (key === 'large' ? larger : tiny).read(key, options),
  };
  return { store, put: async (key, bytes) => void (await memory.put(key, bytes)) };
});

describeObjectStore('withParallelReads over reusable memory', async () => {
  const memory = memoryStore();
  const store = withParallelReads(withReusableMemory(memory), { connections: 4, partSize: 10_007 });
  return { store, put: async (key, bytes) => void (await memory.put(key, bytes)) };
});

describeObjectStore('withParallelReads over bodies that keep breaking', async () => {
  const memory = memoryStore();
  const plan = (read: number) => ({ how: read % 2 === 0 ? 'fails' : 'ends', after: 1 + (read % 7) ** 5 }) as const;
  const resumed = withResume(withRetryBudget(withInterruptions(memory, plan), retryBudget(1_000_000)), FAST);
  const store = withParallelReads(resumed, { connections: 4, partSize: 50_021 });
  return { store, put: async (key, bytes) => void (await memory.put(key, bytes)) };
});

describe('bytes are exact', () => {
  const borders = [0, 1, 3, 4, 5, 7, 8, 9, 12, 13, 19, 20, 21, 30];
  const ranges: readonly (RangeSpec | undefined)[] = [
    undefined,
    ...borders.map((start) => ({ form: 'from', start }) as const),
    ...borders.map((length) => ({ form: 'suffix', length }) as const),
    ...borders.flatMap((start) =>
      borders.filter((end) => end > start).map((end) => ({ form: 'bounded', start, end }) as const),
    ),
    { form: 'bounded', start: 2, end: Number.MAX_SAFE_INTEGER },
    { form: 'from', start: Number.MAX_SAFE_INTEGER },
  ];

  test.each([19, 20, 21])('for each form of range around part borders, in an object of %i bytes', async (size) => {
    const memory = await memoryWith(pseudoRandom(size));
    for (const source of [memory, withReusableMemory(memory)]) {
      const store = withParallelReads(source, { connections: 3, partSize: 4 });
      for (const range of ranges) {
        for (const mayBeWhole of [false, true]) {
          const expected = await memory.read('key', { range, mayBeWhole });
          const result = await store.read('key', { range, mayBeWhole });
          expect(result.type).toBe(expected.type);
          if (result.type !== 'open' || expected.type !== 'open') continue;
          expect(result.span).toEqual(expected.span);
          expect(result.representation).toEqual(expected.representation);
          expect(await bytesOf(result)).toEqual(await bytesOf(expected));
        }
      }
    }
  });
});

describe('what a read costs', () => {
  test.each([
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [2_000, 2],
    [9_500, 10],
  ])('%i bytes in parts of 1,000 are %i operations', async (size, operations) => {
    const storage = counted(await memoryWith(pseudoRandom(size)));
    const stats = newRequestStats();
    const object = await open(withParallelReads(storage, { partSize: PART }), { stats });
    expect(stats.operations).toBe(1);
    expect(await bytesOf(object)).toHaveLength(size);
    expect(storage).toMatchObject({ operations, bytes: size, open: 0 });
    expect(stats.operations).toBe(operations);
  });

  test.each<RangeSpec>([
    { form: 'bounded', start: 5, end: 1_005 },
    { form: 'suffix', length: 1_000 },
    { form: 'suffix', length: 5_000 },
    { form: 'from', start: 9_000 },
  ])('%o is one operation', async (range) => {
    const storage = counted(await memoryWith());
    await bytesOf(await open(withParallelReads(storage, { partSize: PART }), { range }));
    expect(storage.operations).toBe(1);
  });

  test('an empty object costs two operations', async () => {
    const storage = counted(await memoryWith(new Uint8Array(0)));
    expect((await open(withParallelReads(storage))).span).toEqual({ start: 0, end: 0 });
    expect(storage.operations).toBe(2);
  });

  test.each(['weak', 'none'] as const)(
    'an object with tag %s is read in one piece, after one extra operation',
    async (tag) => {
      const storage = counted(await memoryWith());
      const loose = withScriptedReads(storage, async (_call, read) => {
        const result = await read();
        return result.type === 'open' ? withTag(result, tag) : result;
      });
      const object = await open(withParallelReads(loose, { partSize: PART }), { range: { form: 'from', start: 5 } });
      expect(equal(await bytesOf(object), BYTES.subarray(5))).toBe(true);
      expect(storage).toMatchObject({ operations: 2, bytes: BYTES.length - 5, open: 0, mostOpen: 1 });
    },
  );

  test('a storage that ignores ranges is read in one piece, as without the wrapper', async () => {
    const memory = await memoryWith();
    const storage = counted({
      head: (...args) => memory.head(...args),
      read: (key, options) => memory.read(key, { ...options, range: undefined }),
    });
    const store = withParallelReads(withResume(withRanges(storage)), { partSize: PART });
    expect(equal(await bytesOf(await open(store)), BYTES)).toBe(true);
    expect(storage.operations).toBe(1);
    const part = await open(store, { range: { form: 'bounded', start: 100, end: 5_000 } });
    expect(part.span).toEqual({ start: 100, end: 5_000 });
    expect(equal(await bytesOf(part), BYTES.subarray(100, 5_000))).toBe(true);
    expect(storage).toMatchObject({ operations: 2, open: 0 });
    expect((await store.read('key', { range: { form: 'from', start: 9_500 } })).type).toBe('unsatisfiable');
  });

  test('an outer wrapper shares the retry budget of the store', () => {
    const store = memoryStore();
    expect(retryBudgetOf(withParallelReads(store))).toBe(retryBudgetOf(store));
  });

  test('fewer than two connections or a part size of 0 is refused', async () => {
    const store = memoryStore();
    expect(() => withParallelReads(store, { connections: 1 })).toThrow(RangeError);
    expect(() => withParallelReads(store, { connections: 2.5 })).toThrow(RangeError);
    expect(() => withParallelReads(store, { partSize: 0 })).toThrow(RangeError);
  });
});

describe('connections', () => {
  test.each([2, 3, 4])('%i are open at once for a waiting client, and never more', async (connections) => {
    const storage = counted(await memoryWith(), 5);
    const object = await open(withParallelReads(storage, { connections, partSize: PART }));
    expect(storage.mostOpen).toBe(1);
    expect(equal(await bytesOf(object), BYTES)).toBe(true);
    expect(storage).toMatchObject({ mostOpen: connections, open: 0, operations: 10 });
  });

  test('a part that was opened ahead is not read before its turn', async () => {
    const storage = counted(await memoryWith(), 5);
    const { read, cancel } = await startClient(storage);
    await read(0);
    await vi.advanceTimersByTimeAsync(20);
    expect([storage.open, storage.bytes]).toEqual([4, 1_000]);
    await cancel();
    expect(storage.open).toBe(0);
  });

  /** Starts a client of a read over four connections; fake timers. The storage responds after 5 ms. */
  async function startClient(storage: ObjectStore) {
    vi.useFakeTimers();
    const opening = open(withParallelReads(storage, { connections: 4, partSize: PART }));
    await vi.advanceTimersByTimeAsync(5);
    const reader = (await opening).body.getReader();
    const read = async (pause: number) => {
      await vi.advanceTimersByTimeAsync(pause);
      const got: number[] = [];
      const reading = reader.read().then(({ value }) => got.push(value?.length ?? 0));
      await vi.advanceTimersByTimeAsync(0);
      for (let ms = 0; got.length === 0 && ms < 1_000; ms++) await vi.advanceTimersByTimeAsync(1);
      await reading;
      return got[0] ?? 0;
    };
    return { read, cancel: () => reader.cancel() };
  }

  test.each([
    [20_000, 1],
    [200, 1],
    [50, 1],
    [20, 2],
  ])(
    'a client that takes %i ms for a part, with responses after 5 ms, has at most %i open',
    async (pause, mostOpen) => {
      const storage = counted(await memoryWith(), 5);
      const { read } = await startClient(storage);
      let got = 0;
      while (got < BYTES.length) got += await read(pause);
      await read(0);
      expect(storage).toMatchObject({ mostOpen, open: 0, operations: 10 });
    },
  );

  test('a client for which one part ahead is enough keeps one ahead', async () => {
    const storage = counted(await memoryWith(pseudoRandom(30_000)), 5);
    const { read, cancel } = await startClient(storage);
    await read(0);
    await read(0);
    expect(storage.open).toBe(4);
    for (let i = 0; i < 10; i++) await read(100);
    expect(storage.open).toBe(2);
    await cancel();
  });

  test('a client that becomes slow loses its read-ahead, and regains it when it becomes fast', async () => {
    const storage = counted(await memoryWith(pseudoRandom(40_000)), 5);
    const { read, cancel } = await startClient(storage);
    await read(0);
    await read(0);
    expect(storage.open).toBe(4);
    for (let i = 0; i < 4; i++) await read(3_000);
    expect(storage.open).toBe(1);
    for (let i = 0; i < 16; i++) await read(0);
    expect(storage).toMatchObject({ open: 4, mostOpen: 4 });
    await cancel();
    // The read requested last is closed when its response arrives.
    await vi.advanceTimersByTimeAsync(5);
    expect(storage.open).toBe(0);
  });
});
