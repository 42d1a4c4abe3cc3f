import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockLength, blocksOf, holdsWholeBlock, partOf } from '../../src/cache/grid.ts';
import { holds } from '../property-runs.ts';

const blockSize = fc.integer({ min: 1, max: 9 });
const span = fc.tuple(fc.nat(60), fc.nat(60)).map(([start, length]) => ({ start, end: start + length }));

test('the slices of a span are its bytes, in order; none is empty or crosses a block border', () => {
  holds(
    fc.property(span, blockSize, (whole, size) => {
      const blocks = blocksOf(whole, size);
      const bytes: number[] = [];
      for (let index = blocks.start; index < blocks.end; index++) {
        const part = partOf(whole, index, size);
        expect(part.start).toBeGreaterThanOrEqual(0);
        expect(part.end).toBeGreaterThan(part.start);
        expect(part.end).toBeLessThanOrEqual(size);
        for (let at = part.start; at < part.end; at++) bytes.push(index * size + at);
      }
      expect(bytes).toEqual(range(whole.start, whole.end));
    }),
  );
});

test('the blocks of a span are those that contain one of its bytes', () => {
  holds(
    fc.property(span, blockSize, (whole, size) => {
      const touched = new Set(range(whole.start, whole.end).map((at) => Math.floor(at / size)));
      const { start, end } = blocksOf(whole, size);
      expect(range(start, end)).toEqual([...touched]);
    }),
  );
});

test('the lengths of all blocks add up to the size of the object', () => {
  holds(
    fc.property(fc.nat(60), blockSize, (total, size) => {
      const lengths = range(0, Math.ceil(total / size)).map((index) => blockLength(index, size, total));
      expect(lengths.every((length) => length > 0 && length <= size)).toBe(true);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(total);
    }),
  );
});

test('a span contains a whole block if it covers all bytes of one', () => {
  holds(
    fc.property(fc.nat(60), blockSize, span, (total, size, { start, end: beyond }) => {
      const end = Math.min(beyond, total);
      const isHeld = range(0, Math.ceil(total / size)).some(
        (index) => index * size >= start && index * size + blockLength(index, size, total) <= end,
      );
      expect(holdsWholeBlock({ start, end }, size, total)).toBe(isHeld);
    }),
  );
});

test('offsets beyond 2^32 are exact', () => {
  const start = 2 ** 44 + 3;
  expect(blocksOf({ start, end: start + 2 ** 20 }, 2 ** 20)).toEqual({ start: 2 ** 24, end: 2 ** 24 + 2 });
  expect(partOf({ start, end: start + 2 ** 20 }, 2 ** 24, 2 ** 20)).toEqual({ start: 3, end: 2 ** 20 });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(end - start, 0) }, (_, i) => start + i);
}
