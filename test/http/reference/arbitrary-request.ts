import fc from 'fast-check';
import type { Field, MeantObject, MeantRange, MeantRequest, MeantTag, Policy } from './decision-table.ts';
import { DATE_FORMS } from './dates.ts';
import type { Manner } from './print-request.ts';

/** When all requests here are made. */
export const NOW = Date.UTC(2026, 6, 1) / 1000;
/** Objects are modified at one of these seconds, and dates are asked about their neighbours. */
const SECONDS = [784_111_777, 784_111_778, NOW - 1, NOW, NOW + 1];

function field<T>(value: fc.Arbitrary<T>, ...malformed: readonly string[]): fc.Arbitrary<Field<T>> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'absent' } as const) },
    { weight: 4, arbitrary: value.map((one) => ({ kind: 'value', value: one }) as const) },
    { weight: 1, arbitrary: fc.constantFrom(...malformed).map((text) => ({ kind: 'malformed', text }) as const) },
  );
}

const tag: fc.Arbitrary<MeantTag> = fc.record({ weak: fc.boolean(), text: fc.constantFrom('v1', 'v2', 'a,b', '') });
const tags = fc.oneof(
  { weight: 1, arbitrary: fc.constant('*' as const) },
  { weight: 4, arbitrary: fc.array(tag, { minLength: 1, maxLength: 3 }) },
);
const tagField = field(tags, 'v1', '"v1', 'W/v1', 'w/"v1"', '*, "v1"', '"v1" "v2"', '"v 1"');
const date = fc.constantFrom(...SECONDS);
const dateField = field(
  date,
  'yesterday',
  'Thu, 31 Feb 2000 00:00:00 GMT',
  'Sun, 06 nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
);
const ifRangeField = field(
  fc.oneof(
    tag.map((one) => ({ tag: one })),
    date.map((seconds) => ({ date: seconds })),
  ),
  '*',
  'v1',
  '"v1',
  '"v1", "v1"',
  '',
);

const place = fc.oneof(fc.nat(12), fc.nat(50), fc.nat(6500));
const anyRange: fc.Arbitrary<MeantRange> = fc.oneof(
  fc.record({ first: place, last: place }),
  place.chain((first) => fc.nat(20).map((more) => ({ first, last: first + more }))),
  place.map((first) => ({ first, last: undefined })),
  place.map((suffix) => ({ suffix })),
);
/** None overlapping, ascending, then turned round or not. */
const apart: fc.Arbitrary<readonly MeantRange[]> = fc
  .tuple(
    fc.constantFrom(60, 6500),
    fc.oneof({ weight: 3, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.integer({ min: 7, max: 12 }) }),
    fc.boolean(),
    fc.infiniteStream(fc.nat(6500)),
  )
  .map(([most, count, turned, stream]) => {
    const cuts = [...new Set([...stream.take(2 * count + 2)].map((cut) => cut % most))].toSorted((a, b) => a - b);
    const ranges = cuts.flatMap((first, i) => {
      const end = cuts[i + 1];
      return i % 2 === 1 || end === undefined ? [] : [{ first, last: end - 1 }];
    });
    return turned ? ranges.toReversed() : ranges;
  });
const ranges: fc.Arbitrary<readonly MeantRange[]> = fc.oneof(
  { weight: 1, arbitrary: anyRange.map((one) => [one]) },
  { weight: 1, arbitrary: fc.array(anyRange, { minLength: 1, maxLength: 4 }) },
  { weight: 3, arbitrary: apart.filter((list) => list.length > 0) },
);
const rangeField: fc.Arbitrary<Field<readonly MeantRange[]>> = field(
  ranges,
  'items=0-1',
  'bytes=+0-1',
  'bytes =0-1',
  'bytes=0-1,x',
  'bytes=-',
  'bytes=,',
  'bytes=9-8,0-1',
  'bytes=0-1, bytes=3-4',
);

export const meantRequest: fc.Arbitrary<MeantRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD'),
  ifMatch: tagField,
  ifUnmodifiedSince: dateField,
  ifNoneMatch: tagField,
  ifModifiedSince: dateField,
  ifRange: ifRangeField,
  range: rangeField,
});

const ABSENT = { kind: 'absent' } as const;

function only(fields: Partial<MeantRequest>): MeantRequest {
  const absent = {
    ifMatch: ABSENT,
    ifUnmodifiedSince: ABSENT,
    ifNoneMatch: ABSENT,
    ifModifiedSince: ABSENT,
    ifRange: ABSENT,
    range: ABSENT,
  };
  return { method: 'GET', ...absent, ...fields };
}

/** A range and If-Range alone: most requests with preconditions never get to them. */
export const continuingRequest = fc.record({ range: rangeField, ifRange: ifRangeField }).map(only);

/** A readable range alone. */
export const rangeRequest = ranges.map((value) => only({ range: { kind: 'value', value } }));

export const meantObject: fc.Arbitrary<MeantObject> = fc.record({
  size: fc.oneof(
    fc.nat(3),
    fc.nat(60),
    fc.integer({ min: 3500, max: 6500 }),
    fc.integer({ min: 3500, max: 6500 }),
    fc.integer({ min: 600_000, max: 1_500_000 }),
  ),
  tag: fc.oneof(fc.option(tag, { nil: undefined }), fc.constant({ weak: false, text: 'v1' })),
  modified: fc.option(date, { nil: undefined }),
  // The long one makes the heads of nine parts, or of a few more, too much: 64 KiB, or a tenth of a large object.
  type: fc.constantFrom('a/b', 'application/octet-stream', `a/${'b'.repeat(8_000)}`),
});

export const policy: fc.Arbitrary<Policy> = fc.record({
  headRange: fc.boolean(),
  maxRanges: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(100)),
  maxReads: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(100)),
  nearGap: fc.oneof(fc.nat(20), fc.nat(2000)),
  maxGapBytes: fc.oneof(fc.nat(60), fc.nat(6000)),
});

export const manner: fc.Arbitrary<Manner> = fc.record({
  dateForm: fc.constantFrom(...DATE_FORMS),
  comma: fc.constantFrom(',', ', ', ' ,', ',\t', ', ,'),
  blank: fc.constantFrom('', ' ', '\t '),
  ownLines: fc.boolean(),
});
