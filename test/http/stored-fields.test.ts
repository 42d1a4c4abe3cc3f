import { describe, expect, test } from 'vitest';
import {
  storedCodings,
  storedDate,
  storedDisposition,
  storedExpires,
  storedField,
  storedTag,
} from '../../src/http/stored-fields.ts';

describe('storedField passes', () => {
  const rows: readonly (readonly [name: string, stored: string, expected: string])[] = [
    ['plain text', 'text/plain', 'text/plain'],
    ['spaces and tabs inside', 'a \tb', 'a \tb'],
    ['white space around, trimmed', ' \ttext/plain \t', 'text/plain'],
    ['a line break around, trimmed', 'text/plain\r\n', 'text/plain'],
    ['quotes and backslashes', String.raw`a="\""`, String.raw`a="\""`],
    ['a single character', '0', '0'],
    ['the first and the last of visible ASCII', '!~', '!~'],
    ['8,192 characters', 'a'.repeat(8_192), 'a'.repeat(8_192)],
  ];
  test.each(rows)('%s', (_name, stored, expected) => {
    expect(storedField(stored)).toBe(expected);
  });
});

describe('storedField leaves out', () => {
  const rows: readonly (readonly [name: string, stored: unknown])[] = [
    ['what is absent', undefined],
    ['what is empty', ''],
    ['white space', ' \t '],
    ['CR LF', 'a\r\nSet-Cookie: b'],
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['NUL', 'a\u0000b'],
    ['an escape character', 'a\u001bb'],
    ['DEL', 'a\u007fb'],
    ['obs-text', 'caf\u00e9'],
    ['the first and the last of it', '\u0080\u00ff'],
    ['a no-break space around', '\u00a0text/plain'],
    ['a character beyond latin-1', 'a\u0100'],
    ['a character that ends in LF when cut to a byte', 'a\u010ab'],
    ['a character outside the plane', 'a\u{1f600}'],
    ['a lone surrogate', 'a\ud800'],
    ['a line separator', 'a\u2028b'],
    ['8,193 characters', 'a'.repeat(8_193)],
    ['what is no text', new Date(0)],
  ];
  test.each(rows)('%s', (_name, stored) => {
    expect(storedField(stored)).toBeUndefined();
  });
});

test.each([
  ['aws-chunked', undefined],
  ['AWS-Chunked', undefined],
  ['aws-chunked,', undefined],
  ['gzip,aws-chunked', 'gzip'],
  ['aws-chunked, gzip', 'gzip'],
  ['br ,\tAWS-CHUNKED\t, gzip', 'br, gzip'],
  ['aws-chunked, aws-chunked', undefined],
  ['gzip', 'gzip'],
  ['gzip , br', 'gzip , br'],
  ['x-aws-chunked', 'x-aws-chunked'],
  ['aws-chunked, \u00e9', undefined],
  [undefined, undefined],
])('storedCodings of %j: %j', (stored, expected) => {
  expect(storedCodings(stored)).toBe(expected);
});

describe('storedExpires', () => {
  const NOW = Date.UTC(2026, 6, 1) / 1000;
  test.each([
    ['Tue, 01 Jan 2030 00:00:00 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT'],
    ['Tuesday, 01-Jan-30 00:00:00 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT'],
    ['Tue Jan  1 00:00:00 2030', 'Tue, 01 Jan 2030 00:00:00 GMT'],
    ['3600', '3600'],
    ['0', '0'],
    ['-1', '-1'],
    ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
    ['Tue, 01 Jan 2030 00:00:00 +0100', 'Tue, 01 Jan 2030 00:00:00 +0100'],
    ['Mon, 01 Jan 1900 00:00:00 GMT', 'Mon, 01 Jan 1900 00:00:00 GMT'],
    ['never', 'never'],
    ['ma\u00f1ana', undefined],
    ['0\r\nX: y', undefined],
    ['', undefined],
    [undefined, undefined],
    [new Date(0), undefined],
  ])('%j goes out as %j', (stored, expected) => {
    expect(storedExpires(stored, NOW)).toBe(expected);
  });
});

test.each([
  [new Date(0), 'Thu, 01 Jan 1970 00:00:00 GMT'],
  [new Date(253_402_300_799_999), 'Fri, 31 Dec 9999 23:59:59 GMT'],
  [new Date(253_402_300_800_000), undefined],
  [new Date(-1), undefined],
  [new Date(Number.NaN), undefined],
  [undefined, undefined],
])('storedDate of %j: %j', (date, expected) => {
  expect(storedDate(date)).toBe(expected);
});

test.each([
  ['v1', '"v1"'],
  ['', '""'],
  ['a,b', '"a,b"'],
  ['\u00e9', undefined],
  ['a b', undefined],
  ['a"b', undefined],
  ['a\r\nb', undefined],
  ['\u65e5', undefined],
  ['a'.repeat(1_025), undefined],
])('storedTag of %j: %j', (opaque, expected) => {
  expect(storedTag({ weak: false, opaque })).toBe(expected);
});

/** A text as Node's HTTP clients decode it: one character for each byte. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

describe('storedDisposition', () => {
  const rows: readonly (readonly [name: string, stored: string, expected: string | undefined])[] = [
    ['ASCII as it is', 'attachment; filename="a b.txt"; x=y', 'attachment; filename="a b.txt"; x=y'],
    ['ASCII that is no disposition as it is', '"a', '"a'],
    ['latin-1', 'attachment; filename="f\u00fcr.txt"', `attachment; filename="f_r.txt"; filename*=UTF-8''f%C3%BCr.txt`],
    ['Chinese', 'inline; filename="\u4e2d.txt"', `inline; filename="_.txt"; filename*=UTF-8''%E4%B8%AD.txt`],
    ['an emoji', 'inline; filename="\u{1f600}"', `inline; filename="_"; filename*=UTF-8''%F0%9F%98%80`],
    ['a dash', 'inline; filename="a \u2013 b"', `inline; filename="a _ b"; filename*=UTF-8''a%20%E2%80%93%20b`],
    [
      'a name without quotes',
      'inline; filename=f\u00fcr.txt',
      `inline; filename="f_r.txt"; filename*=UTF-8''f%C3%BCr.txt`,
    ],
    ['spaces, still without', 'inline;filename= \u00fc b ;x=y', `inline; filename="_ b"; filename*=UTF-8''%C3%BC%20b`],
    ['a quoted pair', String.raw`inline; filename="\"\ü\\"`, `inline; filename="___"; filename*=UTF-8''%22%C3%BC%5C`],
    ['a semicolon in quotes', 'inline; filename="\u00fc;b"', `inline; filename="_;b"; filename*=UTF-8''%C3%BC%3Bb`],
    ['the type in any case', 'ATTACHMENT; FileName="\u00fc"', `ATTACHMENT; filename="_"; filename*=UTF-8''%C3%BC`],
    ['filename* before filename', `inline; filename="\u00fc"; filename*=UTF-8''b.txt`, 'inline; filename="b.txt"'],
    [
      'filename* of latin-1',
      `inline; filename="\u00fc"; filename*=iso-8859-1'de'%E4`,
      `inline; filename="_"; filename*=UTF-8''%C3%A4`,
    ],
    [
      'filename* that is not encoded',
      `inline; filename*=UTF-8''\u00fc`,
      `inline; filename="_"; filename*=UTF-8''%C3%BC`,
    ],
    [
      'filename* that is broken',
      `inline; filename="\u00fc"; filename*=UTF-8''%zz`,
      `inline; filename="_"; filename*=UTF-8''%C3%BC`,
    ],
    [
      'filename* of another charset',
      `inline; filename="\u00fc"; filename*=koi8-r''a`,
      `inline; filename="_"; filename*=UTF-8''%C3%BC`,
    ],
    [
      'the first of two names',
      'inline; filename="\u00fc"; filename=b',
      `inline; filename="_"; filename*=UTF-8''%C3%BC`,
    ],
    [
      'a path, which is the recipient\u2019s to cut',
      'inline; filename="a/\u00fc"',
      `inline; filename="a/_"; filename*=UTF-8''a%2F%C3%BC`,
    ],
    [
      'joiners',
      'inline; filename="\u{1f469}\u200d\u{1f467}"',
      `inline; filename="___"; filename*=UTF-8''%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7`,
    ],
    [
      'no override of the direction',
      'inline; filename="\u00fc\u202efdp.exe"',
      `inline; filename="__fdp.exe"; filename*=UTF-8''%C3%BC_fdp.exe`,
    ],
    [
      'no line break',
      'inline; filename="\u00fc\r\nX: y"',
      `inline; filename="___X: y"; filename*=UTF-8''%C3%BC__X%3A%20y`,
    ],
    ['bytes that are no UTF-8, lost on the way', 'inline; filename="f\ufffdr"', 'inline; filename="f_r"'],
    ['the same, of a decoder that says so thrice', 'inline; filename="f\ufffd\ufffd\ufffdr"', 'inline; filename="f_r"'],
    ['a lone surrogate', 'inline; filename="f\ud800r"', 'inline; filename="f_r"'],
    ['a name that is empty', 'inline; filename=""; x="\u00fc"', 'inline'],
    ['another parameter alone', 'inline; x="\u00fc"', 'inline'],
    ['empty parameters', 'inline;; filename="\u00fc";', `inline; filename="_"; filename*=UTF-8''%C3%BC`],
    ['a quote that does not end', 'inline; filename="\u00fc', 'inline'],
    ['text behind a quote', 'inline; filename="a" \u00fc', 'inline'],
    ['a type that is no token', '\u00fc; filename=a', undefined],
    ['no type', 'filename="\u00fc"', undefined],
    ['nothing but bytes', '\u00ff\u0080', undefined],
    ['control characters', 'in\u0001line', undefined],
    ['more than is kept', `inline; filename="${'\u4e2d'.repeat(9_000)}"`, undefined],
  ];
  test.each(rows)('%s', (_name, stored, expected) => {
    expect(storedDisposition(stored)).toBe(expected);
  });
  test.each(rows)('%s, one character for each byte', (_name, stored, expected) => {
    expect(storedDisposition(asBytes(stored))).toBe(expected);
  });

  test('a long name is cut to the limit of file systems, and keeps its extension', () => {
    const value = storedDisposition(`attachment; filename="${'\u65e5'.repeat(1_000)}.pdf"`) ?? '';
    const name = decodeURIComponent(/filename\*=UTF-8''(.*)$/.exec(value)?.[1] ?? '');
    expect(name).toBe(`${'\u65e5'.repeat(251)}.pdf`);
  });
});
