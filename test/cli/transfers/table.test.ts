import { expect, test } from 'vitest';
import { printLine, printTable } from '../../../src/cli/transfers/table.ts';
import type { ListedTransfer } from '../../../src/client/watched-transfers.ts';

const SEEN = '2026-11-10T12:00:00.000Z';
const NOW = Date.parse(SEEN) + 90_000;

function transfer(fields: Partial<ListedTransfer> = {}): ListedTransfer {
  const texts = {
    id: 'a',
    mount: '/',
    key: 'a.bin',
    reader: 'link:1',
    state: 'paused',
    firstSeen: SEEN,
    lastSeen: SEEN,
  };
  return { ...texts, complete: 0, progress: 0.429, bytesSent: 0, ...fields };
}

test('columns are as wide as their texts, and no wider than the terminal', () => {
  const all = [
    transfer(),
    transfer({ id: 'b', key: 'long/name.bin', mount: '/m', state: 'active', complete: 2, progress: 0 }),
  ];
  const rate = (id: string) => (id === 'b' ? 3 * 1024 * 1024 : undefined);
  expect(printTable(all, rate, NOW, 200)).toEqual([
    'KEY               READER  STATE   PROGRESS   RATE       SEEN',
    'a.bin             link:1  paused  42 %       -          1 min 30 s',
    '/m/long/name.bin  link:1  active  2 × 100 %  3.0 MiB/s  1 min 30 s',
  ]);
  expect(printTable(all, rate, NOW, 20).map(({ length }) => length)).toEqual([20, 20, 20]);
});

test.each([
  [0, 0, '0 %'],
  [0, 0.999, '99 %'],
  [1, 0, '100 %'],
  [1, 0.5, '100 % + 50 %'],
  [3, 0.5, '3 × 100 % + 50 %'],
])('%i complete downloads and %d of the next one', (complete, progress, expected) => {
  expect(printLine(transfer({ complete, progress }), undefined)).toBe(`${SEEN} a.bin link:1 paused ${expected} -`);
});

test('names that clients choose change neither the terminal nor the table', () => {
  const [, line = ''] = printTable(
    [transfer({ key: `${'x'.repeat(100)}\n\u001b[2J`, reader: 'user:\u0007' })],
    () => 5,
    NOW,
    500,
  );
  expect(line.split('').filter((character) => character < ' ')).toEqual([]);
  expect(line.length).toBeLessThan(160);
});
