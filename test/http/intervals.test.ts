import { describe, expect, test } from 'vitest';
import {
  addDepths,
  addInterval,
  containsInterval,
  deliveredBytes,
  depthsFromJson,
  gapsWithin,
  intersectIntervals,
  intervalsAbove,
  intervalsFromJson,
  isWhole,
  leastDepth,
  subtractIntervals,
  toDepths,
  toIntervals,
  unionIntervals,
  type DepthIntervals,
  type Intervals,
} from '../../src/http/intervals.ts';
import type { Span } from '../../src/http/span.ts';

/** Parses `0-3 5-9x2`: half-open spans, with a depth after the `x`. */
function depths(text: string): DepthIntervals {
  return [...text.matchAll(/(\d+)-(\d+)(?:x(\d+))?/g)].map(([, start, end, depth = 1]) => ({
    start: Number(start),
    end: Number(end),
    depth: Number(depth),
  }));
}

function spans(text: string): readonly Span[] {
  return depths(text).map(({ start, end }) => ({ start, end }));
}

function set(text: string): Intervals {
  return toIntervals(spans(text));
}

function print(list: readonly (Span & { readonly depth?: number })[]): string {
  return list.map(({ start, end, depth }) => `${start}-${end}${depth === undefined ? '' : `x${depth}`}`).join(' ');
}

describe('toIntervals', () => {
  const rows: readonly (readonly [name: string, pairs: string, expected: string])[] = [
    ['none', '', ''],
    ['an empty span', '3-3', ''],
    ['a reversed span', '5-3', ''],
    ['one', '3-9', '3-9'],
    ['touching', '0-3 3-5', '0-5'],
    ['touching, descending', '3-5 0-3', '0-5'],
    ['apart by one byte', '0-3 4-5', '0-3 4-5'],
    ['one inside another', '0-9 2-3', '0-9'],
    ['the same twice', '1-2 1-2', '1-2'],
    ['a chain', '4-7 0-3 2-5', '0-7'],
  ];
  test.each(rows)('%s', (_name, pairs, expected) => {
    expect(print(set(pairs))).toEqual(expected);
  });
});

describe('addInterval', () => {
  const rows: readonly (readonly [pairs: string, added: readonly [number, number], expected: string])[] = [
    ['', [2, 4], '2-4'],
    ['', [2, 2], ''],
    ['2-4', [4, 6], '2-6'],
    ['2-4', [0, 2], '0-4'],
    ['2-4', [5, 6], '2-4 5-6'],
    ['2-4', [0, 1], '0-1 2-4'],
    ['2-4 6-8', [4, 6], '2-8'],
    ['2-4 6-8', [3, 7], '2-8'],
    ['2-4 6-8 10-12', [0, 20], '0-20'],
    ['2-4 6-8 10-12', [5, 9], '2-4 5-9 10-12'],
  ];
  test.each(rows)('%j + %j', (pairs, [start, end], expected) => {
    expect(print(addInterval(set(pairs), { start, end }))).toEqual(expected);
  });
  test('returns the same list if nothing is new', () => {
    const before = set('0-9');
    expect(addInterval(before, { start: 2, end: 9 })).toBe(before);
  });
});

describe('sets of bytes', () => {
  const a = set('0-10 20-30 40-50');
  test('union', () => {
    expect(unionIntervals(a, set('10-20'))).toEqual(spans('0-30 40-50'));
  });
  const rows: readonly (readonly [b: string, both: string, onlyA: string])[] = [
    ['', '', '0-10 20-30 40-50'],
    ['0-60', '0-10 20-30 40-50', ''],
    ['5-25', '5-10 20-25', '0-5 25-30 40-50'],
    ['10-20 30-40', '', '0-10 20-30 40-50'],
    ['2-3 4-5', '2-3 4-5', '0-2 3-4 5-10 20-30 40-50'],
    ['0-10 40-50', '0-10 40-50', '20-30'],
  ];
  test.each(rows)('with %j', (pairs, both, onlyA) => {
    expect(print(intersectIntervals(a, set(pairs)))).toEqual(both);
    expect(print(subtractIntervals(a, set(pairs)))).toEqual(onlyA);
  });
  test('contains', () => {
    expect(containsInterval(a, { start: 20, end: 30 })).toBe(true);
    expect(containsInterval(a, { start: 25, end: 25 })).toBe(true);
    expect(containsInterval(a, { start: 19, end: 30 })).toBe(false);
    expect(containsInterval(a, { start: 20, end: 31 })).toBe(false);
    expect(containsInterval(a, { start: 50, end: 51 })).toBe(false);
  });
  test('gaps within an object', () => {
    expect(print(gapsWithin(a, 45))).toEqual('10-20 30-40');
    expect(print(gapsWithin(a, 60))).toEqual('10-20 30-40 50-60');
    expect(gapsWithin([], 0)).toEqual([]);
  });
  test('the whole object', () => {
    expect(isWhole(set('0-10'), 10)).toBe(true);
    expect(isWhole(set('0-9'), 10)).toBe(false);
    expect(isWhole([], 0)).toBe(true);
  });
});

describe('depths', () => {
  test('count the spans that contain a byte', () => {
    expect(print(toDepths(spans('0-10 5-15 5-6 7-7')))).toEqual('0-5x1 5-6x3 6-10x2 10-15x1');
  });
  test('touching spans of one depth are one', () => {
    expect(print(toDepths(spans('0-5 5-9')))).toEqual('0-9x1');
  });
  test('add up', () => {
    const once = depths('0-10x1');
    expect(addDepths(once, [])).toBe(once);
    expect(addDepths([], once)).toBe(once);
    expect(print(addDepths(depths('0-10x2'), depths('5-10x1 20-30x4')))).toEqual('0-5x2 5-10x3 20-30x4');
    expect(deliveredBytes(depths('0-5x2 9-10x3'))).toBe(13);
  });
  test('the bytes above a depth', () => {
    expect(print(intervalsAbove(depths('0-5x1 5-9x2 9-12x3'), 1))).toEqual('5-12');
  });
  const rows: readonly (readonly [triples: string, size: number, least: number])[] = [
    ['', 10, 0],
    ['', 0, 0],
    ['0-10x2', 10, 2],
    ['0-9x2', 10, 0],
    ['1-10x2', 10, 0],
    ['0-5x3 5-10x2', 10, 2],
    ['0-5x3 6-10x2', 10, 0],
    ['0-5x3 5-10x1', 5, 3],
  ];
  test.each(rows)('the least depth of %j in %i bytes', (triples, size, least) => {
    expect(leastDepth(depths(triples), size)).toBe(least);
  });
});

describe('JSON of strangers', () => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    {},
    'text',
    [1, 2],
    [[1]],
    [[1, 2, 3, 4]],
    [['0', '2']],
    [[0, 1.5]],
    [[-1, 2]],
    [[3, 3]],
    [[4, 3]],
    [[0, 2 ** 53]],
    [[0, 101]],
    [[0, null]],
    [{ 0: 1, 1: 2, length: 2 }],
  ];
  test.each(wrong.map((value) => [value]))('%j is refused', (value) => {
    expect(intervalsFromJson(value, 100)).toBeUndefined();
    const triples = Array.isArray(value) ? value.map((item) => (Array.isArray(item) ? [...item, 1] : item)) : value;
    expect(depthsFromJson(triples, 100)).toBeUndefined();
  });
  test('in any order, overlapping', () => {
    expect(intervalsFromJson(JSON.parse('[[5,9],[0,6]]'))).toEqual(spans('0-9'));
    expect(depthsFromJson(JSON.parse('[[5,9,1],[0,6,2]]'))).toEqual(depths('0-5x2 5-6x3 6-9x1'));
  });
  test('a depth is at least 1', () => {
    expect(depthsFromJson([[0, 1, 0]])).toBeUndefined();
  });
});
