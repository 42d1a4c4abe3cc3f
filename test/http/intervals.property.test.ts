import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as intervals from '../../src/http/intervals.ts';
import { totalLength, type Span } from '../../src/http/span.ts';
import { holds } from '../property-runs.ts';

const SIZE = 40;

const span: fc.Arbitrary<Span> = fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map(([start, end]) => ({ start, end }));
const spans = fc.array(span, { maxLength: 12 });

/** The number of spans that contain each byte. */
function bytesOf(list: readonly (Span & { readonly depth?: number })[]): readonly number[] {
  return Array.from({ length: SIZE }, (_, at) =>
    list.reduce((sum, { start, end, depth = 1 }) => sum + (start <= at && at < end ? depth : 0), 0),
  );
}

/** Whether each byte is in one of the spans. */
function isIn(list: readonly Span[]): readonly boolean[] {
  return bytesOf(list).map((depth) => depth > 0);
}

function expectNormal(list: readonly Span[]): void {
  for (const [i, { start, end }] of list.entries()) {
    expect(start).toBeLessThan(end);
    if (i > 0) expect(start).toBeGreaterThan(list[i - 1]?.end ?? SIZE);
  }
}

describe('intervals, against one flag a byte', () => {
  test('a set has the bytes of its spans, each once', () => {
    holds(
      fc.property(spans, (list) => {
        const set = intervals.toIntervals(list);
        expectNormal(set);
        expect(isIn(set)).toEqual(isIn(list));
        expect(totalLength(set)).toBe(isIn(list).filter(Boolean).length);
        expect(list.reduce(intervals.addInterval, [])).toEqual(set);
      }),
    );
  });
  test('union, intersection, difference and gaps', () => {
    holds(
      fc.property(spans, spans, fc.nat(SIZE), (listA, listB, size) => {
        const [a, b] = [intervals.toIntervals(listA), intervals.toIntervals(listB)];
        const [inA, inB] = [isIn(a), isIn(b)];
        const rows = [
          [intervals.unionIntervals(a, b), inA.map((is, at) => is || inB[at] === true)],
          [intervals.intersectIntervals(a, b), inA.map((is, at) => is && inB[at] === true)],
          [intervals.subtractIntervals(a, b), inA.map((is, at) => is && inB[at] !== true)],
          [intervals.gapsWithin(a, size), inA.map((is, at) => !is && at < size)],
        ] as const;
        for (const [set, expected] of rows) {
          expectNormal(set);
          expect(isIn(set)).toEqual(expected);
        }
        expect(intervals.isWhole(a, size)).toBe(inA.slice(0, size).every(Boolean));
      }),
    );
  });
  test('contains', () => {
    holds(
      fc.property(spans, span, (list, { start, end }) => {
        const flags = isIn(list).slice(start, end);
        expect(intervals.containsInterval(intervals.toIntervals(list), { start, end })).toBe(flags.every(Boolean));
      }),
    );
  });
  test('depths', () => {
    holds(
      fc.property(spans, spans, fc.integer({ min: 1, max: SIZE }), fc.nat(4), (listA, listB, size, depth) => {
        const [a, b] = [intervals.toDepths(listA), intervals.toDepths(listB)];
        const sum = intervals.addDepths(a, b);
        const counts = bytesOf([...listA, ...listB]);
        expect(bytesOf(sum)).toEqual(counts);
        expect(intervals.addDepths(b, a)).toEqual(sum);
        expect(intervals.leastDepth(sum, size)).toBe(Math.min(...counts.slice(0, size)));
        expect(intervals.deliveredBytes(sum)).toBe(counts.reduce((total, count) => total + count, 0));
        expect(isIn(intervals.intervalsAbove(sum, depth))).toEqual(counts.map((count) => count > depth));
      }),
    );
  });
  test('JSON and back', () => {
    holds(
      fc.property(spans, (list) => {
        const [set, depth] = [intervals.toIntervals(list), intervals.toDepths(list)];
        const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        expect(intervals.intervalsFromJson(copy(intervals.intervalsToJson(set)))).toEqual(set);
        expect(intervals.depthsFromJson(copy(intervals.depthsToJson(depth)))).toEqual(depth);
      }),
    );
  });
});
