import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cachedList } from '../../src/listing/cached-list.ts';
import type { ListPage } from '../../src/store/listable-store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const EMPTY: ListPage = { objects: [], prefixes: [], cursor: undefined };

function counted(result: () => Promise<ListPage> = async () => EMPTY) {
  const calls: string[] = [];
  const list = async (prefix: string) => (calls.push(prefix), result());
  return { calls, list };
}

describe.each([true, false])('a cached listing, shared: %s', (isShared) => {
  test('asks the storage once while a page is fresh, and for each page of its own', async () => {
    const { calls, list } = counted();
    const cached = cachedList(list, 1_000, isShared);
    for (const _ of [1, 2]) {
      await cached.list('a/', { delimiter: '/' });
      await cached.list('a/', { delimiter: '/', cursor: 'x' });
      await cached.list('a/');
      await cached.list('b/');
    }
    expect(calls).toHaveLength(4);
    vi.advanceTimersByTime(1_001);
    await cached.list('b/');
    expect(calls).toHaveLength(5);
  });

  test('keeps no failure', async () => {
    const results = [Promise.reject(new Error('down')), Promise.resolve(EMPTY)];
    const { list } = counted(() => results.shift() ?? Promise.resolve(EMPTY));
    const cached = cachedList(list, 1_000, isShared);
    await expect(cached.list('a')).rejects.toThrow('down');
    expect(await cached.list('a')).toEqual(EMPTY);
  });

  test('is empty after a purge, also of listings in progress', async () => {
    const { calls, list } = counted();
    const cached = cachedList(list, 1_000, isShared);
    const pending = cached.list('a');
    cached.purge();
    await pending;
    await cached.list('a');
    expect(calls).toHaveLength(2);
  });
});

test.each([
  [true, 1],
  [false, 3],
])('three visitors at a time, shared: %s, cost %i operations', async (isShared, operations) => {
  const { calls, list } = counted();
  const cached = cachedList(list, 1_000, isShared);
  await Promise.all([1, 2, 3].map(() => cached.list('a')));
  expect(calls).toHaveLength(operations);
});
