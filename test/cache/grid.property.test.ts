import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockLength, blocksOf, bytesOf, pieceOf, runsOf } from '../../src/cache/grid.ts';
import { holds } from '../http/runs.ts';

const blockSize = fc.integer({ min: 1, max: 9 });
const span = fc.tuple(fc.nat(60), fc.nat(60)).map(([start, length]) => ({ start, end: start + length }));

test('pieces of a span are its bytes, in order; none is empty or crosses a block', () => {
  holds(
    fc.property(span, blockSize, (whole, size) => {
      const blocks = blocksOf(whole, size);
      const bytes: number[] = [];
      for (let index = blocks.start; index < blocks.end; index++) {
        const { part, ...piece } = pieceOf(whole, index, size);
        expect(piece.index).toBe(index);
        expect(part.start).toBeGreaterThanOrEqual(0);
        expect(part.end).toBeGreaterThan(part.start);
        expect(part.end).toBeLessThanOrEqual(size);
        for (let at = part.start; at < part.end; at++) bytes.push(index * size + at);
      }
      expect(bytes).toEqual(range(whole.start, whole.end));
    }),
  );
});

test('blocks of a span are those that hold one of its bytes', () => {
  holds(
    fc.property(span, blockSize, (whole, size) => {
      const touched = new Set(range(whole.start, whole.end).map((at) => Math.floor(at / size)));
      const { start, end } = blocksOf(whole, size);
      expect(range(start, end)).toEqual([...touched]);
    }),
  );
});

test('bytes of blocks are those that lie in them, up to the end of the object', () => {
  holds(
    fc.property(fc.nat(60), blockSize, fc.nat(20), fc.nat(20), (total, size, first, more) => {
      const last = Math.ceil(total / size);
      const blocks = { start: Math.min(first, last), end: Math.min(first + more, last) };
      const { start, end } = bytesOf(blocks, size, total);
      const inside = range(0, total).filter((at) => {
        const index = Math.floor(at / size);
        return index >= blocks.start && index < blocks.end;
      });
      expect(range(start, end)).toEqual(inside);
      const lengths = range(blocks.start, blocks.end).map((index) => blockLength(index, size, total));
      expect(lengths.every((length) => length > 0 && length <= size)).toBe(true);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(inside.length);
    }),
  );
});

test('runs cover the indices exactly, and no two touch', () => {
  holds(
    fc.property(fc.uniqueArray(fc.nat(40)), (some) => {
      const indices = some.toSorted((a, b) => a - b);
      const runs = runsOf(indices);
      expect(runs.flatMap(({ start, end }) => range(start, end))).toEqual(indices);
      for (const [i, { start }] of runs.entries()) expect(runs[i - 1]?.end).not.toBe(start);
    }),
  );
});

test('offsets beyond 2^32 stay exact', () => {
  const start = 2 ** 44 + 3;
  const blocks = blocksOf({ start, end: start + 2 ** 20 }, 2 ** 20);
  expect(blocks).toEqual({ start: 2 ** 24, end: 2 ** 24 + 2 });
  expect(pieceOf({ start, end: start + 2 ** 20 }, 2 ** 24, 2 ** 20).part).toEqual({ start: 3, end: 2 ** 20 });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(end - start, 0) }, (_, i) => start + i);
}
