import { afterEach, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import {
  newTally,
  type ObjectStore,
  type OpenObject,
  type ReadOptions,
  type ReadResult,
} from '../../src/store/object-store.ts';
import { withParallelReads } from '../../src/store/parallel-reads.ts';
import { withResume } from '../../src/store/resume.ts';
import { retryBudget, withBudget } from '../../src/store/retry-budget.ts';
import { withRanges } from '../../src/store/slice.ts';
import { storeError } from '../../src/store/store-error.ts';
import type { RangeSpec } from '../../src/http/index.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { breaking, tagged } from './breaking.ts';
import { counted, sleep, until } from './counted.ts';
import { lending } from './lending.ts';
import { expectNoneUnhandled } from './unhandled.ts';

expectNoneUnhandled();
afterEach(() => void vi.useRealTimers());

const FAST = { idleTimeout: 1_000, patience: 5_000, backoff: { first: 1, most: 2 } };
const PART = 1_000;
/** Ten parts, the last of them short. */
const BYTES = pseudoRandom(9_500);

async function memoryWith(bytes: Uint8Array = BYTES) {
  const store = memoryStore();
  await store.put('key', bytes);
  return store;
}

async function open(store: ObjectStore, options: ReadOptions = {}): Promise<OpenObject> {
  const result = await store.read('key', options);
  if (result.type !== 'open') throw new Error(`it is ${result.type}`);
  return result;
}

async function bytesOf({ body }: OpenObject): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** The same store, whose reads `change` may answer otherwise; the first call is 0. */
function answering(
  store: ObjectStore,
  change: (call: number, read: () => Promise<ReadResult>, options: ReadOptions) => Promise<ReadResult>,
): ObjectStore & { readonly asked: readonly ReadOptions[] } {
  const asked: ReadOptions[] = [];
  return {
    asked,
    head: (...args) => store.head(...args),
    read: (key, options = {}) => change(asked.push(options) - 1, () => store.read(key, options), options),
  };
}

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

describeObjectStore('withParallelReads over lent memory', async () => {
  const memory = memoryStore();
  const store = withParallelReads(lending(memory), { connections: 4, partSize: 10_007 });
  return { store, put: async (key, bytes) => void (await memory.put(key, bytes)) };
});

describeObjectStore('withParallelReads over bodies that keep breaking', async () => {
  const memory = memoryStore();
  const plan = (read: number) => ({ how: read % 2 === 0 ? 'fails' : 'ends', after: 1 + (read % 7) ** 5 }) as const;
  const resumed = withResume(withBudget(breaking(memory, plan), retryBudget(1_000_000)), FAST);
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

  test.each([19, 20, 21])('of every form of range around the borders of parts, in an object of %i', async (size) => {
    const memory = await memoryWith(pseudoRandom(size));
    for (const source of [memory, lending(memory)]) {
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
    const tally = newTally();
    const object = await open(withParallelReads(storage, { partSize: PART }), { tally });
    expect(tally.operations).toBe(1);
    expect(await bytesOf(object)).toHaveLength(size);
    expect(storage).toMatchObject({ operations, bytes: size, open: 0 });
    expect(tally.operations).toBe(operations);
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

  test('of an object of zero bytes, two', async () => {
    const storage = counted(await memoryWith(new Uint8Array(0)));
    expect((await open(withParallelReads(storage))).span).toEqual({ start: 0, end: 0 });
    expect(storage.operations).toBe(2);
  });

  test.each(['weak', 'none'] as const)('an object whose tag is %s is read in one, after one more', async (tag) => {
    const storage = counted(await memoryWith());
    const loose = answering(storage, async (_call, read) => {
      const result = await read();
      return result.type === 'open' ? tagged(result, tag) : result;
    });
    const object = await open(withParallelReads(loose, { partSize: PART }), { range: { form: 'from', start: 5 } });
    expect(equal(await bytesOf(object), BYTES.subarray(5))).toBe(true);
    expect(storage).toMatchObject({ operations: 2, bytes: BYTES.length - 5, open: 0, mostOpen: 1 });
  });

  test('a storage that ignores ranges is read in one, as without it', async () => {
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

  test('less than two connections, or no bytes a part, is refused', async () => {
    const store = memoryStore();
    expect(() => withParallelReads(store, { connections: 1 })).toThrow(RangeError);
    expect(() => withParallelReads(store, { connections: 2.5 })).toThrow(RangeError);
    expect(() => withParallelReads(store, { partSize: 0 })).toThrow(RangeError);
  });
});

describe('connections', () => {
  test.each([2, 3, 4])('%i are open at once for a client that waits, and never more', async (connections) => {
    const storage = counted(await memoryWith(), 5);
    const object = await open(withParallelReads(storage, { connections, partSize: PART }));
    expect(storage.mostOpen).toBe(1);
    expect(equal(await bytesOf(object), BYTES)).toBe(true);
    expect(storage).toMatchObject({ mostOpen: connections, open: 0, operations: 10 });
  });

  test('a part that is open ahead is not read before its turn', async () => {
    const storage = counted(await memoryWith(), 5);
    const reader = (await open(withParallelReads(storage, { connections: 4, partSize: PART }))).body.getReader();
    await reader.read();
    await until(() => storage.open === 4);
    await sleep(20);
    expect(storage.bytes).toBe(1_000);
    await reader.cancel();
    expect(storage.open).toBe(0);
  });

  /** A client that asks for the next bytes so many ms after it got some. The storage answers after 5 ms. */
  async function clientOf(storage: ObjectStore) {
    vi.useFakeTimers();
    const opening = open(withParallelReads(storage, { connections: 4, partSize: PART }));
    await vi.advanceTimersByTimeAsync(5);
    const reader = (await opening).body.getReader();
    const read = async (pause: number) => {
      await vi.advanceTimersByTimeAsync(pause);
      const reading = reader.read();
      await vi.advanceTimersByTimeAsync(5);
      return (await reading).value?.length ?? 0;
    };
    return { read, cancel: () => reader.cancel() };
  }

  test.each([20, 200, 20_000])('a client that takes %i ms for a part that comes in 5 holds one', async (pause) => {
    const storage = counted(await memoryWith(), 5);
    const { read } = await clientOf(storage);
    let got = 0;
    while (got < BYTES.length) got += await read(pause);
    await read(0);
    expect(storage).toMatchObject({ mostOpen: 1, open: 0, operations: 10 });
  });

  test('a client that becomes slow gives up those ahead, and one that becomes fast has them again', async () => {
    const storage = counted(await memoryWith(pseudoRandom(30_000)), 5);
    const { read, cancel } = await clientOf(storage);
    await read(0);
    await read(0);
    expect(storage.open).toBe(4);
    for (let i = 0; i < 4; i++) await read(3_000);
    expect(storage.open).toBe(1);
    for (let i = 0; i < 4; i++) await read(0);
    expect(storage).toMatchObject({ open: 4, mostOpen: 4 });
    await cancel();
    expect(storage.open).toBe(0);
  });
});

describe('versions never mix', () => {
  const upper = BYTES.toReversed();

  test('an object that is replaced under way breaks the body as changed', async () => {
    const memory = await memoryWith();
    const storage = counted(memory);
    const object = await open(withParallelReads(storage, { connections: 2, partSize: PART }));
    const reader = object.body.getReader();
    const chunks: Uint8Array[] = [];
    const all = (async () => {
      for (;;) {
        const { value } = await reader.read();
        if (value === undefined) return;
        chunks.push(value);
        if (chunks.length === 3) await memory.put('key', upper);
      }
    })();
    await expect(all).rejects.toMatchObject({ code: 'changed' });
    const got = Buffer.concat(chunks);
    expect(got.length).toBeLessThan(BYTES.length);
    expect(equal(got, BYTES.subarray(0, got.length))).toBe(true);
    await until(() => storage.open === 0);
  });

  test('a body ends as it began where the storage keeps versions', async () => {
    const memories = { v1: await memoryWith(), v2: await memoryWith(upper) };
    let current: keyof typeof memories = 'v1';
    const versioned: ObjectStore = {
      head: (...args) => memories[current].head(...args),
      async read(key, options = {}) {
        const version = options.version === 'v1' ? 'v1' : current;
        const result = await memories[version].read(key, options);
        return result.type === 'open' ? { ...result, representation: { ...result.representation, version } } : result;
      },
    };
    const object = await open(withParallelReads(versioned, { connections: 2, partSize: PART }));
    current = 'v2';
    expect(equal(await bytesOf(object), BYTES)).toBe(true);
    // A version that is asked for by name costs no more than the current one.
    const storage = counted(versioned);
    const old = await open(withParallelReads(storage, { partSize: PART }), { version: 'v1' });
    expect(equal(await bytesOf(old), BYTES)).toBe(true);
    expect(storage.operations).toBe(10);
  });

  test('all parts but the first are pinned, and the first has the conditions of the caller', async () => {
    const memory = await memoryWith();
    const store = answering(memory, (_call, read) => read());
    const etag = (await memory.head('key'))?.etag;
    const conditions = { ifNoneMatch: [{ weak: false, opaque: 'other' }] };
    await bytesOf(await open(withParallelReads(store, { partSize: 5_000 }), { conditions }));
    expect(store.asked.map((asked) => asked.conditions)).toEqual([conditions, { ifMatch: [etag] }]);
    const held = { conditions: { ifNoneMatch: '*' } } as const;
    expect((await withParallelReads(memory).read('key', held)).type).toBe('unmodified');
  });

  const wrong: readonly (readonly [string, (opened: OpenObject) => OpenObject])[] = [
    ['another tag', (opened) => tagged(opened, 'other')],
    ['other bytes', (opened) => ({ ...opened, span: { ...opened.span, start: 0 } })],
    ['another size', (o) => ({ ...o, representation: { ...o.representation, size: o.representation.size + 1 } })],
  ];
  test.for(wrong)('a part with %s breaks the body', async ([, falsify]) => {
    const storage = counted(await memoryWith());
    const store = answering(storage, async (call, read) => {
      const result = await read();
      return call === 4 && result.type === 'open' ? falsify(result) : result;
    });
    await expect(bytesOf(await open(withParallelReads(store, { partSize: PART })))).rejects.toMatchObject({
      code: 'nonsense',
    });
    await until(() => storage.open === 0);
  });

  test('a first part of other bytes than those asked for is refused, and given back', async () => {
    const storage = counted(await memoryWith());
    const store = answering(storage, async (_call, read) => {
      const result = await read();
      return result.type === 'open' ? { ...result, span: { start: 1, end: 1_001 } } : result;
    });
    await expect(withParallelReads(store, { partSize: PART }).read('key')).rejects.toMatchObject({ code: 'nonsense' });
    expect(storage.open).toBe(0);
  });

  test.each([
    ['ends early', -1, 'unavailable'],
    ['is too long', 1, 'nonsense'],
  ] as const)('a part whose body %s breaks the body there', async (_name, more, code) => {
    const memory = await memoryWith();
    const store = answering(memory, async (call, read) => {
      const result = await read();
      if (call !== 2 || result.type !== 'open') return result;
      const bytes = await bytesOf(result);
      return { ...result, body: new Response(pseudoRandom(bytes.length + more)).body ?? result.body };
    });
    await expect(bytesOf(await open(withParallelReads(store, { partSize: PART })))).rejects.toMatchObject({ code });
  });
});

describe('failures', () => {
  test('of a part are told when its turn comes, and no part behind it stays open', async () => {
    const storage = counted(await memoryWith());
    const store = answering(storage, async (call, read) => {
      if (call === 3) throw storeError('denied', 'not this one');
      return read();
    });
    const object = await open(withParallelReads(store, { connections: 4, partSize: PART }));
    const reader = object.body.getReader();
    const read = async () => {
      let count = 0;
      for (;;) {
        const { value } = await reader.read();
        count += value?.length ?? 0;
        if (count === 3_000) return;
      }
    };
    await read();
    await expect(reader.read()).rejects.toMatchObject({ code: 'denied' });
    await until(() => storage.open === 0);
  });

  test('that pass are asked for once more when the turn comes, out of the budget', async () => {
    const memory = await memoryWith();
    const failing = () =>
      answering(memory, async (call, read) => {
        if (call === 3) throw storeError('unavailable', 'for a moment');
        return read();
      });
    const store = failing();
    expect(equal(await bytesOf(await open(withParallelReads(store, { partSize: PART }))), BYTES)).toBe(true);
    expect(store.asked).toHaveLength(11);
    const spent = withBudget(failing(), retryBudget(0));
    await expect(bytesOf(await open(withParallelReads(spent, { partSize: PART })))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('of the first part, and an object that is missing, are the answer', async () => {
    const memory = await memoryWith();
    const denied = answering(memory, async () => {
      throw storeError('denied', 'nothing');
    });
    await expect(withParallelReads(denied).read('key')).rejects.toMatchObject({ code: 'denied' });
    expect(await withParallelReads(memory).read('other')).toEqual({ type: 'missing' });
  });
});

describe('a client that leaves', () => {
  const leaves = ['cancel', 'abort'] as const;
  for (const how of leaves) {
    test(`by ${how}, after any number of bytes, leaves nothing open`, async () => {
      const memory = await memoryWith();
      for (let reads = 0; reads <= 11; reads++) {
        for (const delay of [0, 3]) {
          const storage = counted(memory, delay);
          const { signal, abort } = abortable();
          const object = await open(withParallelReads(storage, { partSize: PART }), { signal });
          const reader = object.body.getReader();
          for (let i = 0; i < reads; i++) await reader.read();
          if (how === 'cancel') await reader.cancel();
          else {
            abort();
            const after = reader.read();
            if (reads <= 9) await expect(after).rejects.toMatchObject({ code: 'aborted' });
            else await after.catch(() => undefined);
          }
          await until(() => storage.open === 0);
          const { operations } = storage;
          await sleep(5);
          expect(storage.operations).toBe(operations);
        }
      }
    });

    test(`by ${how}, while bytes are waited for, leaves nothing open`, async () => {
      const storage = counted(await memoryWith(), 20);
      const { signal, abort } = abortable();
      const object = await open(withParallelReads(storage, { partSize: PART }), { signal });
      const reader = object.body.getReader();
      await reader.read();
      await reader.read();
      const waiting = reader.read().catch((error: unknown) => error);
      if (how === 'cancel') await reader.cancel();
      else abort();
      await waiting;
      await until(() => storage.open === 0);
    });
  }

  test('before the first byte is asked for, with a signal that has fired, leaves nothing open', async () => {
    const storage = counted(await memoryWith());
    const { signal, abort } = abortable();
    const late = answering(storage, async (_call, read) => {
      const result = await read();
      abort();
      return result;
    });
    const object = await open(withParallelReads(late, { partSize: PART }), { signal });
    await until(() => storage.open === 0);
    await expect(object.body.getReader().read()).rejects.toMatchObject({ code: 'aborted' });
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
