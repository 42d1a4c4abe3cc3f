import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveSpec, type RangeSpec, type Span } from '../../../src/http/index.ts';
import { firstPart, nextPart } from '../../../src/store/wrappers/read-ahead.ts';
import { holds } from '../../property-runs.ts';

const size = fc.integer({ min: 1, max: 400 });
const partSize = fc.integer({ min: 1, max: 60 });
const range: fc.Arbitrary<RangeSpec | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ form: fc.constant('from' as const), start: fc.nat(450) }),
  fc
    .tuple(fc.nat(450), fc.integer({ min: 1, max: 450 }))
    .map(([start, length]) => ({ form: 'bounded' as const, start, end: start + length })),
);

/** The parts of a read, in the order of their responses. */
function partsOf(asked: RangeSpec | undefined, of: number, length: number): readonly Span[] {
  const due = asked === undefined ? { start: 0, end: of } : resolveSpec(asked, of);
  const first = firstPart(asked, length) ?? asked;
  const answered = first === undefined ? undefined : resolveSpec(first, of);
  if (due === undefined || answered === undefined) return [];
  const parts = [answered];
  for (let at = answered.end; at < due.end; at = parts.at(-1)?.end ?? due.end)
    parts.push(nextPart(at, due.end, length));
  return parts;
}

describe('the parts of a read', () => {
  test('are contiguous from its first byte to its last, and each except the last has the part size', () => {
    holds(
      fc.property(range, size, partSize, (asked, of, length) => {
        const due = asked === undefined ? { start: 0, end: of } : resolveSpec(asked, of);
        const parts = partsOf(asked, of, length);
        expect(parts[0]?.start).toBe(due?.start);
        expect(parts.at(-1)?.end).toBe(due?.end);
        expect(parts).toHaveLength(due === undefined ? 0 : Math.ceil((due.end - due.start) / length));
        for (const [i, { start, end }] of parts.entries()) {
          if (i > 0) expect(start).toBe(parts[i - 1]?.end);
          if (i < parts.length - 1) expect(end - start).toBe(length);
          expect(end).toBeGreaterThan(start);
        }
      }),
    );
  });

  test.each<[RangeSpec]>([
    [{ form: 'suffix', length: 500 }],
    [{ form: 'bounded', start: 7, end: 17 }],
    [{ form: 'from', start: Number.MAX_SAFE_INTEGER - 5 }],
    [{ form: 'bounded', start: Number.MAX_SAFE_INTEGER - 5, end: Number.MAX_SAFE_INTEGER }],
  ])('%o is read in one part', (asked) => {
    expect(firstPart(asked, 10)).toBeUndefined();
  });
});
