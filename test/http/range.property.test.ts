import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_POSITION, parseRange, printRange, resolveSpec, type RangeSpec } from '../../src/http/range.ts';
import { readRangeField, type WrittenSpec } from './reference/range-grammar.ts';
import { holds } from '../property-runs.ts';

const LIMITS = { maxFieldLength: 400, maxRanges: 6 };
const MAX = BigInt(MAX_POSITION);

function saturated(value: bigint): number {
  return Number(value < MAX ? value : MAX);
}

function toSpec(written: WrittenSpec): RangeSpec {
  if ('suffix' in written) return { form: 'suffix', length: saturated(written.suffix) };
  const start = saturated(written.first);
  return written.last === undefined || start === MAX_POSITION
    ? { form: 'from', start }
    : { form: 'bounded', start, end: saturated(written.last + 1n) };
}

function reference(value: string): readonly RangeSpec[] | undefined {
  const specs = readRangeField(value);
  if (specs === undefined || value.length > LIMITS.maxFieldLength || specs.length > LIMITS.maxRanges) return undefined;
  return specs.map(toSpec);
}

const EDGES = [
  0n,
  1n,
  9n,
  10n,
  2n ** 53n - 3n,
  2n ** 53n - 2n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n,
  10n ** 100n,
];
const numeral = fc
  .tuple(
    fc.oneof(fc.nat(20).map(BigInt), fc.constantFrom(...EDGES), fc.bigInt(0n, 10n ** 30n)),
    fc.bigInt(-1n, 1n),
    fc.nat(3),
  )
  .map(([value, offset, zeros]) => '0'.repeat(zeros) + String(value + offset < 0n ? value : value + offset));
const ows = fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.constantFrom(' ', '\t', ' \t '));
/** Not always valid: half of the bounded ones are reversed. */
const member = fc.oneof(
  fc.tuple(numeral, numeral).map(([first, last]) => `${first}-${last}`),
  numeral.map((digits) => `${digits}-${digits}`),
  numeral.map((first) => `${first}-`),
  numeral.map((length) => `-${length}`),
  { weight: 1, arbitrary: fc.constant('') },
);
const unit = fc.oneof(
  { weight: 5, arbitrary: fc.constant('bytes=') },
  fc.constantFrom('BYTES=', 'bYteS=', 'Bytes=', 'byte=', 'bytes'),
);
const written = fc
  .tuple(ows, unit, ows, fc.array(fc.tuple(ows, member, ows), { maxLength: 7 }), ows)
  .map(
    ([before, name, gap, members, after]) =>
      `${before}${name}${gap}${members.map((parts) => parts.join('')).join(',')}${after}`,
  );

const char = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'bytesBYTES=0123456789,,,---  \t\t+*.x/'.split('')) },
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
);
type Mutation = readonly [at: number, removed: number, inserted: string];
const mutation: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(60), fc.nat(2), fc.oneof(fc.constant(''), char));
const mutated = fc.tuple(written, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([value, mutations]) =>
  mutations.reduce((text, [at, removed, inserted]) => {
    const where = at % (text.length + 1);
    return text.slice(0, where) + inserted + text.slice(where + removed);
  }, value),
);
const random = fc
  .tuple(fc.constantFrom('', 'bytes='), fc.array(char, { maxLength: 20 }))
  .map(([start, chars]) => start + chars.join(''));

describe('parseRange reads as the grammar says', () => {
  test.each([
    ['what is written by it', written],
    ['what is nearly so', mutated],
    ['anything', random],
  ])('%s', (_name, values) => {
    holds(
      fc.property(values, (value) => {
        expect(parseRange(value, LIMITS)).toEqual(reference(value));
      }),
    );
  });
});

const position = fc.oneof(fc.nat(1000), fc.maxSafeNat(), fc.integer({ min: MAX_POSITION - 3, max: MAX_POSITION - 1 }));
const bounded = fc.tuple(position, position).map(([a, b]): RangeSpec => ({
  form: 'bounded',
  start: Math.min(a, b, MAX_POSITION - 1),
  end: Math.min(Math.max(a, b) + 1, MAX_POSITION),
}));
const spec: fc.Arbitrary<RangeSpec> = fc.oneof(
  bounded,
  position.map((start): RangeSpec => ({ form: 'from', start })),
  position.map((length): RangeSpec => ({ form: 'suffix', length })),
);

describe('range specs', () => {
  test('are parsed as they were printed', () => {
    holds(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 6 }), (specs) => {
        expect(parseRange(printRange(specs), LIMITS)).toEqual(specs);
      }),
    );
  });
  test('resolve to exactly the bytes that they name', () => {
    const small = fc.nat(30);
    const near: fc.Arbitrary<RangeSpec> = fc.oneof(
      fc.tuple(small, small).map(([start, length]): RangeSpec => ({ form: 'bounded', start, end: start + length + 1 })),
      small.map((start): RangeSpec => ({ form: 'from', start })),
      small.map((length): RangeSpec => ({ form: 'suffix', length })),
    );
    const names = (one: RangeSpec, byte: number, size: number): boolean => {
      if (one.form === 'suffix') return byte >= size - one.length;
      return byte >= one.start && (one.form === 'from' || byte < one.end);
    };
    holds(
      fc.property(near, small, (one, size) => {
        const bytes = Array.from({ length: size }, (_, byte) => byte).filter((byte) => names(one, byte, size));
        const [start] = bytes;
        expect(resolveSpec(one, size)).toEqual(start === undefined ? undefined : { start, end: start + bytes.length });
      }),
    );
  });
});
