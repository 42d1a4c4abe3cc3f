import { expect, test } from 'vitest';
import { listedTransfers, watchedTransfers } from '../../src/client/watched-transfers.ts';

function transfer(id: string, bytesSent: number, firstSeen = '2026-11-10T12:00:00.000Z') {
  const texts = { mount: '/', key: 'a', reader: 'r', state: 'active', firstSeen, lastSeen: firstSeen };
  return { id, ...texts, complete: 0, progress: 0, bytesSent };
}

test('the list follows the events, the newest first', () => {
  let now = 0;
  const list = watchedTransfers(() => now);
  const [a, b, c] = [transfer('a', 0), transfer('b', 0), transfer('c', 0, '2026-11-11T12:00:00.000Z')];
  expect(list.apply('transfers', { transfers: [a, b] })).toHaveLength(2);
  now = 2_000;
  const changed = list.apply('changes', { transfers: [transfer('a', 5_000), c], removed: ['b'] });
  expect(changed.map(({ id }) => id)).toEqual(['a', 'c']);
  expect(list.list().map(({ id }) => id)).toEqual(['c', 'a']);
  expect([list.rate('a'), list.rate('c'), list.rate('b')]).toEqual([2_500, undefined, undefined]);
  // After a break, the whole list comes again. What is the same is no change.
  expect(list.apply('transfers', { transfers: [c] })).toEqual([]);
  expect(list.list().map(({ id }) => id)).toEqual(['c']);
});

test('data of another form are ignored', () => {
  const list = watchedTransfers(() => 0);
  for (const data of [null, 1, 'x', {}, { transfers: 5, removed: 7 }, { transfers: [{}, null, { id: 'a' }] }]) {
    expect(list.apply('changes', data)).toEqual([]);
  }
  expect(listedTransfers({})).toEqual([]);
});

test('a rate is told until it is too old, and fields of another type are refused', () => {
  let now = 0;
  const list = watchedTransfers(() => now, 5_000);
  list.apply('transfers', { transfers: [transfer('a', 0)] });
  now = 1_000;
  list.apply('changes', { transfers: [transfer('a', 10)] });
  now = 6_000;
  expect(list.rate('a')).toBe(10);
  now = 6_001;
  expect(list.rate('a')).toBeUndefined();
  expect(listedTransfers([{ ...transfer('a', 0), size: 5, connections: 1 }])).toHaveLength(1);
  expect(listedTransfers([{ ...transfer('a', 0), size: '5' }])).toEqual([]);
});
