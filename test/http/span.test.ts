import { describe, expect, test } from 'vitest';
import { hasOverlap, spanLength, totalLength, type Span } from '../../src/http/span.ts';

function spans(...pairs: readonly (readonly [start: number, end: number])[]): readonly Span[] {
  return pairs.map(([start, end]) => ({ start, end }));
}

describe('spanLength', () => {
  test('does not count the end', () => {
    expect(spanLength({ start: 3, end: 10 })).toBe(7);
  });
});

describe('totalLength', () => {
  test('is 0 for no spans', () => {
    expect(totalLength([])).toBe(0);
  });
  test('counts a byte in two spans twice', () => {
    expect(totalLength(spans([0, 10], [5, 6]))).toBe(11);
  });
});

describe('overlap', () => {
  const rows: readonly (readonly [name: string, spans: readonly Span[], expected: boolean])[] = [
    ['none', [], false],
    ['one', spans([0, 9]), false],
    ['apart', spans([0, 2], [4, 6]), false],
    ['touching', spans([0, 2], [2, 4]), false],
    ['touching, descending', spans([2, 4], [0, 2]), false],
    ['sharing one byte', spans([0, 3], [2, 4]), true],
    ['sharing one byte, descending', spans([2, 4], [0, 3]), true],
    ['the same twice', spans([0, 2], [0, 2]), true],
    ['one inside another', spans([0, 9], [4, 5]), true],
    ['the first and the last of three', spans([0, 9], [20, 22], [8, 12]), true],
    ['one that spans several', spans([5, 6], [8, 9], [0, 20]), true],
    ['many apart, out of order', spans([8, 9], [0, 1], [4, 5], [2, 3]), false],
  ];
  test.each(rows)('%s', (_name, list, expected) => {
    expect(hasOverlap(list)).toBe(expected);
  });
  test('does not change its argument', () => {
    const list = spans([5, 6], [0, 1]);
    hasOverlap(list);
    expect(list).toEqual(spans([5, 6], [0, 1]));
  });
});
