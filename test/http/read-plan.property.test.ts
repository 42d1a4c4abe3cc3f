import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planReads, type ReadBudget } from '../../src/http/read-plan.ts';
import { droppedBytes } from './dropped-bytes.ts';
import { hasOverlap, type Span } from '../../src/http/span.ts';
import { holds } from '../property-runs.ts';

/** Parts without overlap, mostly ascending, sometimes descending. */
const parts: fc.Arbitrary<readonly Span[]> = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 10 }),
    fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 3 }),
  )
  .map(([steps, swaps]) => {
    let at = 0;
    const spans = steps.map(([gap, length]) => {
      const start = at + gap;
      at = start + length;
      return { start, end: at };
    });
    for (const [i, j] of swaps) {
      const [a, b] = [spans[i], spans[j]];
      if (a === undefined || b === undefined) continue;
      spans[i] = b;
      spans[j] = a;
    }
    return spans;
  });
const budgets: fc.Arbitrary<ReadBudget> = fc.record({
  maxReads: fc.integer({ min: 1, max: 10 }),
  nearGap: fc.nat(12),
  maxGapBytes: fc.nat(60),
});

/** The minimum of gap bytes for each number of joins, found by trying all allowed sets of joins. */
function leastGapBytes(asked: readonly Span[]): ReadonlyMap<number, number> {
  const gaps = asked.slice(1).map((next, i) => next.start - (asked[i]?.end ?? 0));
  const least = new Map<number, number>();
  for (let set = 0; set < 2 ** gaps.length; set++) {
    const chosen = gaps.filter((_, i) => Math.floor(set / 2 ** i) % 2 === 1);
    if (chosen.some((gap) => gap < 0)) continue;
    const bytes = chosen.reduce((sum, gap) => sum + gap, 0);
    least.set(chosen.length, Math.min(bytes, least.get(chosen.length) ?? Number.POSITIVE_INFINITY));
  }
  return least;
}

describe('planReads', () => {
  test('is tested with parts that do not overlap', () => {
    holds(
      fc.property(parts, (asked) => {
        expect(hasOverlap(asked)).toBe(false);
      }),
    );
  });
  test('covers exactly the requested parts, in their order', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        const reads = planReads(asked, budget);
        if (reads !== undefined) expect(reads.flatMap((read) => read.parts)).toEqual(asked);
      }),
    );
  });
  test('reads forward, from the first part of a read to the end of its last', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        for (const { span, parts: served } of planReads(asked, budget) ?? []) {
          expect(served.every((part, i) => part.start >= (served[i - 1]?.end ?? span.start))).toBe(true);
          expect(span).toEqual({ start: served[0]?.start, end: served.at(-1)?.end });
        }
      }),
    );
  });
  test('stays within both budgets', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        const reads = planReads(asked, budget);
        if (reads === undefined) return;
        expect(reads.length).toBeLessThanOrEqual(budget.maxReads);
        expect(droppedBytes(reads)).toBeLessThanOrEqual(budget.maxGapBytes);
      }),
    );
  });
  test('fails only if no set of joins is within both budgets', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        const possible = [...leastGapBytes(asked)].some(
          ([joins, bytes]) => asked.length - joins <= budget.maxReads && bytes <= budget.maxGapBytes,
        );
        expect(planReads(asked, budget) !== undefined).toBe(possible);
      }),
    );
  });
  test('drops the fewest bytes for its number of reads', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        const reads = planReads(asked, budget);
        if (reads !== undefined)
          expect(droppedBytes(reads)).toBe(leastGapBytes(asked).get(asked.length - reads.length));
      }),
    );
  });
  test('joins near parts within the budget of bytes, and far ones only if it must', () => {
    holds(
      fc.property(parts, budgets, (asked, budget) => {
        const reads = planReads(asked, budget);
        if (reads === undefined) return;
        const left = budget.maxGapBytes - droppedBytes(reads);
        const apart = reads.slice(1).map((read, i) => read.span.start - (reads[i]?.span.end ?? 0));
        expect(apart.filter((gap) => gap >= 0 && gap <= Math.min(budget.nearGap, left))).toEqual([]);
        const joined = reads.flatMap((read) =>
          read.parts.slice(1).map((part, i) => part.start - (read.parts[i]?.end ?? 0)),
        );
        if (joined.some((gap) => gap > budget.nearGap)) expect(reads).toHaveLength(budget.maxReads);
      }),
    );
  });
});
