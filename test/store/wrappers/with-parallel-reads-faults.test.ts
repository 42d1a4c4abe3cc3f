import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ObjectStore, OpenObject } from '../../../src/store/object-store.ts';
import { withParallelReads } from '../../../src/store/wrappers/with-parallel-reads.ts';
import { retryBudget, withRetryBudget } from '../../../src/store/wrappers/retry-budget.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';
import { withInterruptions, withTag } from '../with-interruptions.ts';
import { counted, sleep, until } from '../counted-store.ts';
import { withScriptedReads, BYTES, bytesOf, memoryWith, open, PART } from './ten-parts.ts';
import { expectNoUnhandledRejections } from '../../unhandled-rejections.ts';

expectNoUnhandledRejections();

afterEach(() => void vi.useRealTimers());

describe('versions never mix', () => {
  const upper = BYTES.toReversed();

  test('a body fails with version-changed if the object is replaced while it is sent', async () => {
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
    await expect(all).rejects.toMatchObject({ code: 'version-changed' });
    const got = Buffer.concat(chunks);
    expect(got.length).toBeLessThan(BYTES.length);
    expect(equal(got, BYTES.subarray(0, got.length))).toBe(true);
    await until(() => storage.open === 0);
  });

  test('a body ends with the version it began with if the storage keeps versions', async () => {
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
    // Reading a version by its id costs no more than reading the current one.
    const storage = counted(versioned);
    const old = await open(withParallelReads(storage, { partSize: PART }), { version: 'v1' });
    expect(equal(await bytesOf(old), BYTES)).toBe(true);
    expect(storage.operations).toBe(10);
  });

  test('all parts except the first are pinned, and the first has the preconditions of the caller', async () => {
    const memory = await memoryWith();
    const store = withScriptedReads(memory, (_call, read) => read());
    const etag = (await memory.head('key'))?.etag;
    const conditions = { ifNoneMatch: [{ weak: false, opaque: 'other' }] };
    await bytesOf(await open(withParallelReads(store, { partSize: 5_000 }), { conditions }));
    expect(store.asked.map((asked) => asked.conditions)).toEqual([conditions, { ifMatch: [etag] }]);
    const held = { conditions: { ifNoneMatch: '*' } } as const;
    expect((await withParallelReads(memory).read('key', held)).type).toBe('unmodified');
  });

  const wrong: readonly (readonly [string, (opened: OpenObject) => OpenObject])[] = [
    ['another tag', (opened) => withTag(opened, 'other')],
    ['other bytes', (opened) => ({ ...opened, span: { ...opened.span, start: 0 } })],
    ['another size', (o) => ({ ...o, representation: { ...o.representation, size: o.representation.size + 1 } })],
  ];
  test.for(wrong)('a part with %s breaks the body', async ([, falsify]) => {
    const storage = counted(await memoryWith());
    const store = withScriptedReads(storage, async (call, read) => {
      const result = await read();
      return call === 4 && result.type === 'open' ? falsify(result) : result;
    });
    await expect(bytesOf(await open(withParallelReads(store, { partSize: PART })))).rejects.toMatchObject({
      code: 'invalid-response',
    });
    await until(() => storage.open === 0);
  });

  test('a first part with another span than the requested one is refused and closed', async () => {
    const storage = counted(await memoryWith());
    const store = withScriptedReads(storage, async (_call, read) => {
      const result = await read();
      return result.type === 'open' ? { ...result, span: { start: 1, end: 1_001 } } : result;
    });
    await expect(withParallelReads(store, { partSize: PART }).read('key')).rejects.toMatchObject({
      code: 'invalid-response',
    });
    expect(storage.open).toBe(0);
  });

  test.each([
    ['ends early', -1, 'unavailable'],
    ['is too long', 1, 'invalid-response'],
  ] as const)('a part whose body %s breaks the body there', async (_name, more, code) => {
    const memory = await memoryWith();
    const store = withScriptedReads(memory, async (call, read) => {
      const result = await read();
      if (call !== 2 || result.type !== 'open') return result;
      const bytes = await bytesOf(result);
      return { ...result, body: new Response(pseudoRandom(bytes.length + more)).body ?? result.body };
    });
    await expect(bytesOf(await open(withParallelReads(store, { partSize: PART })))).rejects.toMatchObject({ code });
  });
});

describe('failures', () => {
  test('of a part are thrown when its turn comes, and no later part stays open', async () => {
    const storage = counted(await memoryWith());
    const store = withScriptedReads(storage, async (call, read) => {
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

  test('that are temporary are retried when the turn of the part comes, within the retry budget', async () => {
    const memory = await memoryWith();
    const failing = () =>
      withScriptedReads(memory, async (call, read) => {
        if (call === 3) throw storeError('unavailable', 'for a moment');
        return read();
      });
    const store = failing();
    expect(equal(await bytesOf(await open(withParallelReads(store, { partSize: PART }))), BYTES)).toBe(true);
    expect(store.asked).toHaveLength(11);
    const spent = withRetryBudget(failing(), retryBudget(0));
    await expect(bytesOf(await open(withParallelReads(spent, { partSize: PART })))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('of the first part are thrown, and a missing object is returned as missing', async () => {
    const memory = await memoryWith();
    const denied = withScriptedReads(memory, async () => {
      throw storeError('denied', 'nothing');
    });
    await expect(withParallelReads(denied).read('key')).rejects.toMatchObject({ code: 'denied' });
    expect(await withParallelReads(memory).read('other')).toEqual({ type: 'missing' });
  });
});

describe('a client that disconnects', () => {
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

    test(`by ${how}, while a chunk is pending, leaves nothing open`, async () => {
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

  test.each(leaves)('by %s, while the response of a part is pending, whose body then hangs', async (how) => {
    // The next part is opened ahead for a client that waits: on a busy machine this one could seem to be slow.
    vi.useFakeTimers({ toFake: ['performance'] });
    const storage = counted(await memoryWith());
    const silent = withInterruptions(storage, (read) => (read > 0 ? { how: 'hangs', after: 0 } : undefined));
    const late = Promise.withResolvers<undefined>();
    const store = withScriptedReads(silent, async (call, read) => {
      if (call > 0) await late.promise;
      return read();
    });
    const { signal, abort } = abortable();
    const object = await open(withParallelReads(store, { connections: 2, partSize: PART }), { signal });
    const reader = object.body.getReader();
    await reader.read();
    const waiting = reader.read().catch((error: unknown) => error);
    await until(() => store.asked.length === 3);
    if (how === 'cancel') await reader.cancel();
    else abort();
    late.resolve(undefined);
    await waiting;
    await until(() => storage.open === 0);
    expect(storage.operations).toBe(3);
  });

  test('before the first read, with an aborted signal, leaves nothing open', async () => {
    const storage = counted(await memoryWith());
    const { signal, abort } = abortable();
    const late = withScriptedReads(storage, async (_call, read) => {
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
