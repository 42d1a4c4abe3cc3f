import { expect, test } from 'vitest';
import type { ListedTransfer } from '../../../src/client/watched-transfers.ts';
import { agoOf, pathOf, percentOf, progressText, readerOf } from '../../../src/page/transfers/text.ts';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');

test.each([
  [0, 'now'],
  // The clock of the browser may be behind.
  [-60, 'now'],
  [5, '5 s ago'],
  [59, '59 s ago'],
  [60, '1 min ago'],
  [3_599, '59 min ago'],
  [3_600, '1 h ago'],
  [86_399, '23 h ago'],
  [86_400, '1 d ago'],
])('%i seconds ago', (seconds, expected) => {
  expect(agoOf(new Date(NOW - seconds * 1000).toISOString(), NOW)).toBe(expected);
});

test('a time that is none is not shown', () => {
  expect(agoOf('yesterday', NOW)).toBe('');
});

test.each([
  [0, 0, '0 %', 0],
  [0, 0.999, '99 %', 99],
  [1, 0, '100 %', 100],
  [2, 0.5, '2 × 100 % + 50 %', 50],
])('%i complete downloads and %d of the next one', (complete, progress, text, percent) => {
  const texts = { id: 'a', mount: '/', key: 'a', reader: 'r', state: 'active', firstSeen: '', lastSeen: '' };
  const transfer: ListedTransfer = { ...texts, complete, progress, bytesSent: 0 };
  expect([progressText(transfer), percentOf(transfer)]).toEqual([text, percent]);
});

test.each([
  ['/', 'a/b', 'a/b'],
  ['/mirror', 'a', '/mirror/a'],
  ['files.example.com/', 'a', 'files.example.com/a'],
  ['/', 'a\u202eb\n', 'a‹U+202E›b‹U+000A›'],
])('the path of %s and %s', (mount, key, expected) => {
  expect(pathOf({ mount, key })).toBe(expected);
});

test('a long name of a reader is shortened, a short one is not', () => {
  expect(readerOf('user:alice')).toBe('user:alice');
  expect(readerOf(`client:${'a'.repeat(32)}`)).toBe(`client:${'a'.repeat(16)}…`);
});
