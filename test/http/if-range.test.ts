import { describe, expect, test } from 'vitest';
import { checkIfRange, parseIfRange, type IfRange } from '../../src/http/if-range.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const DATE = 784_111_777;

describe('parseIfRange', () => {
  const rows: readonly (readonly [name: string, value: string, expected: IfRange])[] = [
    ['a strong tag', '"v1"', { type: 'tag', tag: { weak: false, opaque: 'v1' } }],
    ['an empty tag', '""', { type: 'tag', tag: { weak: false, opaque: '' } }],
    ['a tag with a comma', '"a,b"', { type: 'tag', tag: { weak: false, opaque: 'a,b' } }],
    ['a tag that looks like a date', '"Sun, 06"', { type: 'never' }],
    ['a weak tag', 'W/"v1"', { type: 'never' }],
    ['a lower-case w', 'w/"v1"', { type: 'never' }],
    ['a tag without quotes', 'v1', { type: 'never' }],
    ['a tag that is not closed', '"v1', { type: 'never' }],
    ['two tags', '"v1", "v2"', { type: 'never' }],
    ['a list of one', '"v1",', { type: 'never' }],
    ['a star', '*', { type: 'never' }],
    ['nothing', '', { type: 'never' }],
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT', { type: 'date', seconds: DATE }],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', { type: 'date', seconds: DATE }],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994', { type: 'date', seconds: DATE }],
    ['a date that is none', 'Thu, 31 Feb 2000 00:00:00 GMT', { type: 'never' }],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT', { type: 'never' }],
    ['a tag and a date', '"v1", Sun, 06 Nov 1994 08:49:37 GMT', { type: 'never' }],
    ['a date and a tag', 'Sun, 06 Nov 1994 08:49:37 GMT, "v1"', { type: 'never' }],
  ];
  test.each(rows)('%s', (_name, value, expected) => {
    expect(parseIfRange(value, NOW)).toEqual(expected);
  });
});

describe('checkIfRange, a tag', () => {
  const ifRange: IfRange = { type: 'tag', tag: { weak: false, opaque: 'v1' } };
  test('matches the same strong tag', () => {
    expect(checkIfRange(ifRange, { size: 1, etag: { weak: false, opaque: 'v1' } }, NOW)).toBe(true);
  });
  test('does not match another', () => {
    expect(checkIfRange(ifRange, { size: 1, etag: { weak: false, opaque: 'v2' } }, NOW)).toBe(false);
  });
  test('does not match a weak one of the same text', () => {
    expect(checkIfRange(ifRange, { size: 1, etag: { weak: true, opaque: 'v1' } }, NOW)).toBe(false);
  });
  test('is compared strongly, even if the client sent a weak one', () => {
    const tag = { weak: true, opaque: 'v1' };
    expect(checkIfRange({ type: 'tag', tag }, { size: 1, etag: tag }, NOW)).toBe(false);
  });
  test('does not match an object without a tag', () => {
    expect(checkIfRange(ifRange, { size: 1, lastModified: new Date(DATE * 1000) }, NOW)).toBe(false);
  });
});

describe('checkIfRange, a date', () => {
  const ifRange: IfRange = { type: 'date', seconds: DATE };
  const rows: readonly (readonly [name: string, lastModified: number, now: number, expected: boolean])[] = [
    ['matches its own second', DATE * 1000, NOW, true],
    ['matches whatever the milliseconds', DATE * 1000 + 999, NOW, true],
    ['does not match a second earlier', DATE * 1000 - 1, NOW, false],
    ['does not match a second later', (DATE + 1) * 1000, NOW, false],
    ['is not strong while its second still runs', DATE * 1000, DATE, false],
    ['is strong a second later', DATE * 1000, DATE + 1, true],
    ['is not strong in the future', DATE * 1000, DATE - 1, false],
  ];
  test.each(rows)('%s', (_name, lastModified, now, expected) => {
    const representation = { size: 1, lastModified: new Date(lastModified) };
    expect(checkIfRange(ifRange, { ...representation, isDateStrong: true }, now)).toBe(expected);
    expect(checkIfRange(ifRange, representation, now)).toBe(false);
    expect(checkIfRange(ifRange, { ...representation, isDateStrong: false }, now)).toBe(false);
  });
  test('does not match an object without a date', () => {
    expect(checkIfRange(ifRange, { size: 1, etag: { weak: false, opaque: 'v1' } }, NOW)).toBe(false);
  });
});

describe('checkIfRange, a value that can match nothing', () => {
  test('is false', () => {
    const representation = { size: 1, etag: { weak: false, opaque: '' }, lastModified: new Date(0) };
    expect(checkIfRange({ type: 'never' }, representation, NOW)).toBe(false);
  });
});
