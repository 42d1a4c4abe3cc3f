import { expect, test } from 'vitest';
import { lruMap } from '../../src/base/lru-map.ts';

test('evicts the least recently used entry, by get or set, and no more than needed', () => {
  const map = lruMap<number>(3);
  for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i);
  expect(map.get('a')).toBe(0);
  map.set('b', 10);
  map.set('d', 3);
  expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([0, 10, undefined, 3]);
  map.set('e', 4);
  expect(['a', 'b', 'd', 'e'].map((key) => map.get(key))).toEqual([undefined, 10, 3, 4]);
});

test('deleting an entry frees its place', () => {
  const map = lruMap<number>(2);
  map.set('a', 0);
  map.set('b', 1);
  map.delete('a');
  map.set('c', 2);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 1, 2]);
  map.clear();
  expect(map.get('b')).toBeUndefined();
});
