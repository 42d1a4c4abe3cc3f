import { afterEach, expect, test, vi } from 'vitest';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { withFallback } from '../../../src/store/wrappers/with-fallback.ts';
import type { ObjectStore, ReadOptions } from '../../../src/store/object-store.ts';
import { withResume } from '../../../src/store/wrappers/with-resume.ts';
import { storeError, type StoreErrorCode } from '../../../src/store/store-error.ts';
import { describeObjectStore } from '../../contract/object-store.ts';
import { withInterruptions } from '../with-interruptions.ts';

const bytes = new TextEncoder().encode('0123456789');

afterEach(() => {
  vi.useRealTimers();
});

/** A store that can be switched off, with a record of its calls. */
function switched(inner: ObjectStore) {
  const state: { failure: StoreErrorCode | undefined } = { failure: undefined };
  const asked: ReadOptions[] = [];
  const check = () => {
    if (state.failure !== undefined) throw storeError(state.failure, 'switched off');
  };
  const store: ObjectStore = {
    async head(key) {
      check();
      return inner.head(key);
    },
    async read(key, options = {}) {
      asked.push(options);
      check();
      return inner.read(key, options);
    },
  };
  return { store, state, asked };
}

async function pair(content: { readonly first?: Uint8Array; readonly replica?: Uint8Array }) {
  const [one, two] = [memoryStore(), memoryStore()];
  if (content.first !== undefined) await one.put('key', content.first);
  if (content.replica !== undefined) await two.put('key', content.replica);
  return { first: switched(one), replica: switched(two) };
}

async function textOf(store: ObjectStore): Promise<string> {
  const result = await store.read('key');
  return result.type === 'open' ? new Response(result.body).text() : result.type;
}

test('the replica is not read while the primary responds, even if the object is missing there', async () => {
  const { first, replica } = await pair({ replica: bytes });
  expect(await textOf(withFallback(first.store, replica.store))).toBe('missing');
  expect(replica.asked).toEqual([]);
});

test.for<StoreErrorCode>(['unavailable', 'throttled'])(
  'the replica is read if the primary is %s, and is tried first for a while afterwards',
  async (code) => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] });
    const { first, replica } = await pair({ first: bytes, replica: bytes });
    const store = withFallback(first.store, replica.store, { pause: 100 });
    first.state.failure = code;
    expect(await textOf(store)).toBe('0123456789');
    expect(await textOf(store)).toBe('0123456789');
    expect(await store.head('key')).toMatchObject({ size: 10 });
    expect([first.asked.length, replica.asked.length]).toEqual([1, 2]);
    vi.advanceTimersByTime(120);
    first.state.failure = undefined;
    expect(await textOf(store)).toBe('0123456789');
    expect([first.asked.length, replica.asked.length]).toEqual([2, 2]);
  },
);

test.for<StoreErrorCode>(['denied', 'invalid-response', 'archived'])(
  'the replica is not read if the primary is %s',
  async (code) => {
    const { first, replica } = await pair({ first: bytes, replica: bytes });
    first.state.failure = code;
    await expect(withFallback(first.store, replica.store).read('key')).rejects.toMatchObject({ code });
    expect(replica.asked).toEqual([]);
  },
);

test('if the replica lacks the object or fails too, the error of the primary is thrown, not a 404', async () => {
  const { first, replica } = await pair({ first: bytes });
  first.state.failure = 'unavailable';
  const store = withFallback(first.store, replica.store);
  await expect(store.read('key')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(store.head('key')).rejects.toMatchObject({ code: 'unavailable' });
  replica.state.failure = 'denied';
  await expect(store.read('key')).rejects.toMatchObject({ code: 'unavailable' });
  first.state.failure = undefined;
  expect(await textOf(store)).toBe('0123456789');
});

test('a broken body is resumed from the replica if it has the same version, and never with another version', async () => {
  for (const [content, end] of [
    [bytes, '0123456789'],
    [new TextEncoder().encode('abcdefghij'), /changed/],
  ] as const) {
    const { first, replica } = await pair({ first: bytes, replica: content });
    const dying = withInterruptions(first.store, () => {
      first.state.failure = 'unavailable';
      return { how: 'fails', after: 4 };
    });
    const store = withResume(withFallback(dying, replica.store), { backoff: { first: 1, most: 1 } });
    if (typeof end === 'string') expect(await textOf(store)).toBe(end);
    else await expect(textOf(store)).rejects.toThrow(end);
    expect(replica.asked[0]).toMatchObject({ range: { form: 'bounded', start: 4, end: 10 } });
  }
});

test('version ids of the primary are not sent to the replica', async () => {
  const { first, replica } = await pair({ first: bytes, replica: bytes });
  first.state.failure = 'unavailable';
  await withFallback(first.store, replica.store).read('key', { version: 'v1' });
  expect([first.asked[0]?.version, replica.asked[0]?.version]).toEqual(['v1', undefined]);
});

describeObjectStore('a replica', async () => {
  const [one, two] = [switched(memoryStore()), memoryStore()];
  one.state.failure = 'unavailable';
  // Only the primary can say that a key is missing; here it still responds to that.
  const first: ObjectStore = {
    head: async (key) => ((await two.head(key)) === undefined ? undefined : one.store.head(key)),
    read: async (key, options) =>
      (await two.head(key)) === undefined ? { type: 'missing' } : one.store.read(key, options),
  };
  return { store: withFallback(first, two), put: async (key, content) => void (await two.put(key, content)) };
});
