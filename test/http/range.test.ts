import { describe, expect, test } from 'vitest';
import {
  MAX_POSITION,
  parseRange,
  printRange,
  resolveRange,
  resolveSpec,
  type RangeSpec,
} from '../../src/http/range.ts';

const LIMITS = { maxFieldLength: 32 * 1024, maxRanges: 1000 };

function parse(value: string): readonly RangeSpec[] | undefined {
  return parseRange(value, LIMITS);
}

/** As a client writes it: both positions are inclusive. */
function bounded(first: number, last: number): RangeSpec {
  return { form: 'bounded', start: first, end: last + 1 };
}

function from(start: number): RangeSpec {
  return { form: 'from', start };
}

function suffix(length: number): RangeSpec {
  return { form: 'suffix', length };
}

const PAST: RangeSpec = { form: 'bounded', start: 0, end: MAX_POSITION };
const HUNDRED = '9'.repeat(100);

describe('parseRange accepts', () => {
  const rows: readonly (readonly [name: string, value: string, expected: readonly RangeSpec[]])[] = [
    ['the first byte', 'bytes=0-0', [bounded(0, 0)]],
    ['first and last', 'bytes=0-499', [bounded(0, 499)]],
    ['an open end', 'bytes=9500-', [from(9500)]],
    ['a suffix', 'bytes=-500', [suffix(500)]],
    ['a suffix of nothing', 'bytes=-0', [suffix(0)]],
    ['several', 'bytes=0-0,5-,-1', [bounded(0, 0), from(5), suffix(1)]],
    ['several in the order asked', 'bytes=9-9,0-0', [bounded(9, 9), bounded(0, 0)]],
    ['overlapping ones', 'bytes=0-5,3-9', [bounded(0, 5), bounded(3, 9)]],
    ['the same twice', 'bytes=1-1,1-1', [bounded(1, 1), bounded(1, 1)]],
    ['leading zeros', 'bytes=0007-00000000000000000000010', [bounded(7, 10)]],
    ['a suffix with leading zeros', 'bytes=-0005', [suffix(5)]],
    ['an upper-case unit', 'BYTES=0-1', [bounded(0, 1)]],
    ['a mixed-case unit', 'bYtEs=0-1', [bounded(0, 1)]],
    ['spaces around the value', '  bytes=0-1  ', [bounded(0, 1)]],
    ['tabs around the value', '\tbytes=0-1\t', [bounded(0, 1)]],
    ['a space after the equals sign', 'bytes= 0-1', [bounded(0, 1)]],
    ['a tab after the equals sign', 'bytes=\t0-1', [bounded(0, 1)]],
    ['spaces and tabs after the equals sign', 'bytes= \t 0-1', [bounded(0, 1)]],
    ['a space before a suffix', 'bytes= -5', [suffix(5)]],
    ['the example of §14.1.2', 'bytes= 0-999, 4500-5499, -1000', [bounded(0, 999), bounded(4500, 5499), suffix(1000)]],
    ['a space after a comma', 'bytes=0-1, 2-3', [bounded(0, 1), bounded(2, 3)]],
    ['a space before a comma', 'bytes=0-1 ,2-3', [bounded(0, 1), bounded(2, 3)]],
    ['tabs around a comma', 'bytes=0-1\t,\t2-3', [bounded(0, 1), bounded(2, 3)]],
    ['an empty element in the middle', 'bytes=0-1,,2-3', [bounded(0, 1), bounded(2, 3)]],
    ['an empty element of white space', 'bytes=0-1, \t ,2-3', [bounded(0, 1), bounded(2, 3)]],
    ['an empty element first', 'bytes=,0-1', [bounded(0, 1)]],
    ['white space before an empty first element', 'bytes= ,0-1', [bounded(0, 1)]],
    ['a tab before an empty first element', 'bytes=\t,0-1', [bounded(0, 1)]],
    ['an empty element last', 'bytes=0-1,', [bounded(0, 1)]],
    ['white space and commas last', 'bytes=0-1 , ,\t', [bounded(0, 1)]],
    ['2^53 - 1, past every end', 'bytes=0-9007199254740991', [PAST]],
    ['2^53 - 2, the last that is exact', 'bytes=0-9007199254740990', [PAST]],
    ['2^53 - 3', 'bytes=0-9007199254740989', [{ form: 'bounded', start: 0, end: MAX_POSITION - 1 }]],
    ['2^53', 'bytes=0-9007199254740992', [PAST]],
    ['2^63', 'bytes=0-9223372036854775808', [PAST]],
    ['2^64', 'bytes=0-18446744073709551616', [PAST]],
    ['a last position of 100 digits', `bytes=0-${HUNDRED}`, [PAST]],
    ['a last position beyond the doubles', `bytes=0-${'9'.repeat(400)}`, [PAST]],
    ['a first position of 100 digits', `bytes=${HUNDRED}-`, [from(MAX_POSITION)]],
    ['a suffix of 2^64', 'bytes=-18446744073709551616', [suffix(MAX_POSITION)]],
    ['a suffix of 100 digits', `bytes=-${HUNDRED}`, [suffix(MAX_POSITION)]],
    ['equal numbers of 100 digits, which bound nothing', `bytes=${HUNDRED}-${HUNDRED}`, [from(MAX_POSITION)]],
    ['equal numbers, one with leading zeros', 'bytes=0005-5', [bounded(5, 5)]],
    ['zero against many zeros', 'bytes=000-0', [bounded(0, 0)]],
    ['more digits that are less', 'bytes=0000000000-1', [bounded(0, 1)]],
  ];
  test.each(rows)('%s', (_name, value, expected) => {
    expect(parse(value)).toEqual(expected);
  });
});

describe('parseRange ignores', () => {
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['nothing', ''],
    ['white space', ' \t'],
    ['a unit alone', 'bytes'],
    ['an empty set', 'bytes='],
    ['a set of commas', 'bytes=,,'],
    ['a set of white space', 'bytes=  '],
    ['a hyphen alone', 'bytes=-'],
    ['a number alone', 'bytes=5'],
    ['another unit', 'items=0-1'],
    ['a unit that begins with bytes', 'bytes2=0-1'],
    ['a unit that ends with bytes', 'kbytes=0-1'],
    ['two units', 'bytes=bytes=0-1'],
    ['no unit', '0-1'],
    ['a space before the equals sign', 'bytes =0-1'],
    ['a no-break space after the equals sign', 'bytes=\u00a00-1'],
    ['a plus sign after a space', 'bytes= +0-9'],
    ['white space and a hyphen', 'bytes= -'],
    ['a colon for the equals sign', 'bytes:0-1'],
    ['a space before the hyphen', 'bytes=0 -1'],
    ['a space after the hyphen', 'bytes=0- 1'],
    ['a space after the hyphen of a suffix', 'bytes=- 1'],
    ['a space between digits', 'bytes=0-1 2'],
    ['spaces for commas', 'bytes=0-1 2-3'],
    ['semicolons for commas', 'bytes=0-1;2-3'],
    ['a no-break space', 'bytes=0-1,\u00a02-3'],
    ['a vertical tab', 'bytes=0-1,\v2-3'],
    ['a form feed around the value', '\fbytes=0-1'],
    ['a no-break space around the value', '\u00a0bytes=0-1'],
    ['a line feed at the end', 'bytes=0-1\n'],
    ['a plus sign', 'bytes=+0-9'],
    ['a plus sign before the last position', 'bytes=0-+9'],
    ['a plus sign in a suffix', 'bytes=-+5'],
    ['two hyphens', 'bytes=0--1'],
    ['a suffix with two hyphens', 'bytes=--5'],
    ['three positions', 'bytes=0-1-2'],
    ['a total', 'bytes=0-1/2'],
    ['a star', 'bytes=0-*'],
    ['hexadecimal', 'bytes=0x0-0xf'],
    ['an exponent', 'bytes=0-1e3'],
    ['a decimal point', 'bytes=0-1.0'],
    ['a digit group', 'bytes=0-1_000'],
    ['other digits', 'bytes=\u0660-\u0661'],
    ['a superscript digit', 'bytes=0-\u00b2'],
    ['obs-text', 'bytes=0-1\u00ff'],
    ['quotes', 'bytes="0-1"'],
    ['a reversed range', 'bytes=5-4'],
    ['a reversed range among others', 'bytes=0-1,5-4,8-9'],
    ['a malformed member first', 'bytes=x,0-1'],
    ['a malformed member last', 'bytes=0-1,x'],
    ['a number alone among others', 'bytes=0-1,5,8-9'],
    ['two fields in one', 'bytes=0-1, bytes=2-3'],
    ['reversed at 2^53', 'bytes=9007199254740993-9007199254740992'],
    ['reversed at 2^64', 'bytes=18446744073709551617-18446744073709551616'],
    ['reversed in the last of 100 digits', `bytes=${HUNDRED}-${'9'.repeat(99)}8`],
    ['reversed by a digit more', `bytes=1${'0'.repeat(100)}-${HUNDRED}`],
    ['reversed beyond the doubles', `bytes=${'9'.repeat(400)}-${'9'.repeat(399)}8`],
    ['reversed with leading zeros in the first', `bytes=${'0'.repeat(50)}5-4`],
    ['reversed with leading zeros in the last', `bytes=5-${'0'.repeat(50)}4`],
  ];
  test.each(rows)('%s', (_name, value) => {
    expect(parse(value)).toBeUndefined();
  });
});

describe('parseRange keeps its limits', () => {
  const field = 'bytes=0-1,5-6';
  const limit = (maxFieldLength: number, maxRanges: number) => ({ maxFieldLength, maxRanges });

  test('reads a field of exactly maxFieldLength', () => {
    expect(parseRange(field, limit(field.length, 9))).toHaveLength(2);
  });
  test('ignores a field longer by one character', () => {
    expect(parseRange(field, limit(field.length - 1, 9))).toBeUndefined();
  });
  test('counts white space around the value', () => {
    expect(parseRange(`${field} `, limit(field.length, 9))).toBeUndefined();
  });
  test('reads a set of exactly maxRanges', () => {
    expect(parseRange(field, limit(99, 2))).toHaveLength(2);
  });
  test('ignores a set with one more member', () => {
    expect(parseRange(`${field},9-9`, limit(99, 2))).toBeUndefined();
  });
  test('does not count empty elements', () => {
    expect(parseRange(`${field},,,`, limit(99, 2))).toHaveLength(2);
  });
  test('counts members that no representation satisfies', () => {
    expect(parseRange('bytes=0-1,-0,-0', limit(99, 2))).toBeUndefined();
  });
  test('reads 1,000 members with spaces, as electron-updater sends them', () => {
    const members = Array.from({ length: 1000 }, (_, i) => `${i * 20}-${i * 20 + 9}`);
    expect(parse(`bytes=${members.join(', ')}`)).toHaveLength(1000);
  });
});

describe('printRange', () => {
  test('prints every form', () => {
    expect(printRange([bounded(0, 9), from(5), suffix(3)])).toBe('bytes=0-9, 5-, -3');
  });
});

// The inverse of parseRange, its comment says: "bytes=9007199254740991-9007199254740990" is reversed.
test('printRange prints a range that begins beyond the last position so that it can be parsed again', () => {
  const specs = parse('bytes=9007199254740991-9007199254740999');
  expect(parse(printRange(specs ?? []))).toEqual(specs);
});

describe('resolveSpec', () => {
  const rows: readonly (readonly [name: string, spec: RangeSpec, size: number, start: number, end: number])[] = [
    ['a range within', bounded(2, 4), 10, 2, 5],
    ['the whole', bounded(0, 9), 10, 0, 10],
    ['the last byte', bounded(9, 9), 10, 9, 10],
    ['a last position one past the end', bounded(5, 10), 10, 5, 10],
    ['a last position far past the end', PAST, 10, 0, 10],
    ['an open end', from(3), 10, 3, 10],
    ['an open end at the last byte', from(9), 10, 9, 10],
    ['a suffix', suffix(3), 10, 7, 10],
    ['a suffix of the whole', suffix(10), 10, 0, 10],
    ['a suffix longer than the whole', suffix(11), 10, 0, 10],
    ['a suffix beyond every size', suffix(MAX_POSITION), 10, 0, 10],
  ];
  test.each(rows)('gives %s', (_name, spec, size, start, end) => {
    expect(resolveSpec(spec, size)).toEqual({ start, end });
  });

  const unsatisfiable: readonly (readonly [name: string, spec: RangeSpec, size: number])[] = [
    ['a first position at the end', bounded(10, 10), 10],
    ['an open end at the end', from(10), 10],
    ['an open end beyond every size', from(MAX_POSITION), MAX_POSITION],
    ['a saturated range', { form: 'bounded', start: MAX_POSITION, end: MAX_POSITION }, MAX_POSITION],
    ['a suffix of nothing', suffix(0), 10],
    ['the first byte of nothing', bounded(0, 0), 0],
    ['all of nothing', from(0), 0],
    ['a suffix of nothing of nothing', suffix(0), 0],
    ['a suffix of something of nothing', suffix(5), 0],
  ];
  test.each(unsatisfiable)('finds %s unsatisfiable', (_name, spec, size) => {
    expect(resolveSpec(spec, size)).toBeUndefined();
  });
});

describe('resolveRange', () => {
  test('drops unsatisfiable members and keeps the order', () => {
    expect(resolveRange([bounded(8, 20), from(10), bounded(0, 1), suffix(0)], 10)).toEqual([
      { start: 8, end: 10 },
      { start: 0, end: 2 },
    ]);
  });
  test('is empty if no member is satisfiable', () => {
    expect(resolveRange([from(10), suffix(0)], 10)).toEqual([]);
  });
});
