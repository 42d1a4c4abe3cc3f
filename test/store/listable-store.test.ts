import { describe, expect, test } from 'vitest';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { isListable } from '../../src/store/listable-store.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { withFallback } from '../../src/store/wrappers/with-fallback.ts';
import { withParallelReads } from '../../src/store/wrappers/with-parallel-reads.ts';
import { withPrefix } from '../../src/store/wrappers/with-prefix.ts';
import { withRanges } from '../../src/store/wrappers/with-ranges.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { withRetry } from '../../src/store/wrappers/with-retry.ts';
import { mapCache } from '../cache/map-cache.ts';

const wrappers: readonly (readonly [name: string, wrap: (store: ObjectStore) => ObjectStore])[] = [
  ['withBlockCache', (store) => withBlockCache(store, mapCache())],
  ['withFallback', (store) => withFallback(store, memoryStore())],
  ['withParallelReads', (store) => withParallelReads(store)],
  ['withPrefix', (store) => withPrefix(withPrefix(store, ''), '')],
  ['withRanges', (store) => withRanges(store)],
  ['withResume', (store) => withResume(store)],
  ['withRetry', (store) => withRetry(store)],
];

describe.each(wrappers)('%s', (_, wrap) => {
  test('lists what its store lists', async () => {
    const store = memoryStore();
    await store.put('a/b', new Uint8Array(1));
    await store.put('c', new Uint8Array(1));
    const wrapped = wrap(store);
    if (!isListable(wrapped)) throw new Error('it lists nothing');
    for (const options of [{}, { delimiter: '/', limit: 1 }] as const)
      expect(await wrapped.list('', options)).toEqual(await store.list('', options));
  });

  test('lists nothing over a store that does not', () => {
    const { head, read } = memoryStore();
    expect(isListable(wrap({ head, read }))).toBe(false);
  });
});

test('withPrefix removes its prefix from keys and folders', async () => {
  const store = memoryStore();
  for (const key of ['p/a/b', 'p/c', 'q']) await store.put(key, new Uint8Array(1));
  const below = withPrefix(store, 'p/');
  if (!isListable(below)) throw new Error('it lists nothing');
  const { objects, prefixes } = await below.list('', { delimiter: '/' });
  expect([objects.map(({ key }) => key), prefixes]).toEqual([['c'], ['a/']]);
});

test('withRetry repeats a listing that fails temporarily', async () => {
  const store = memoryStore();
  let calls = 0;
  const flaky: ObjectStore = Object.assign(
    { head: store.head, read: store.read },
    {
      list: async () => {
        if (++calls < 3) throw Object.assign(new Error('down'), { name: 'StoreError', code: 'unavailable' });
        return store.list('');
      },
    },
  );
  const retrying = withRetry(flaky, { backoff: { first: 1, most: 1 } });
  if (!isListable(retrying)) throw new Error('it lists nothing');
  expect((await retrying.list('')).objects).toEqual([]);
  expect(calls).toBe(3);
});
