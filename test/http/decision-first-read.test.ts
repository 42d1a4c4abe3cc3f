import { describe, expect, test } from 'vitest';
import { firstRead, parseRequest, type FirstRead, type RangePolicy } from '../../src/http/decision.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const POLICY: RangePolicy = {
  maxFieldLength: 1000,
  maxRanges: 10,
  maxReads: 3,
  nearGap: 10,
  maxGapBytes: 100,
  headRange: false,
};

type Fields = Readonly<Record<string, string>>;
const HEAD: FirstRead = { ask: 'head' };
const WHOLE: FirstRead = { ask: 'read' };

function bounded(start: number, end: number): FirstRead {
  return { ask: 'read', range: { form: 'bounded', start, end } };
}

function from(start: number): FirstRead {
  return { ask: 'read', range: { form: 'from', start } };
}

function suffix(length: number): FirstRead {
  return { ask: 'read', range: { form: 'suffix', length } };
}

function ask(fields: Fields, method: 'GET' | 'HEAD' = 'GET', policy = POLICY): FirstRead {
  return firstRead(parseRequest(method, new Headers(fields), policy, NOW), policy);
}

describe('firstRead', () => {
  const rows: readonly (readonly [name: string, fields: Fields, expected: FirstRead])[] = [
    ['the whole', {}, WHOLE],
    ['one range', { Range: 'bytes=5-9' }, bounded(5, 10)],
    ['an open range', { Range: 'bytes=5-' }, from(5)],
    ['a suffix', { Range: 'bytes=-5' }, suffix(5)],
    ['a malformed range', { Range: 'bytes=9-5' }, WHOLE],
    ['metadata where any version is refused', { 'If-None-Match': '*' }, HEAD],
    ['the body where one version is refused', { 'If-None-Match': '"a"' }, WHOLE],
    ['metadata where only weak tags are to match', { 'If-Match': 'W/"a"' }, HEAD],
    ['metadata where If-Match is malformed', { 'If-Match': 'a' }, HEAD],
    ['metadata where If-Match is empty', { 'If-Match': ',' }, HEAD],
    ['the body where a strong tag is among them', { 'If-Match': 'W/"a", "b"' }, WHOLE],
    ['the body where any version will do', { 'If-Match': '*' }, WHOLE],
    ['the range where If-Range may match', { Range: 'bytes=5-9', 'If-Range': '"a"' }, bounded(5, 10)],
    [
      'the range where If-Range is a date',
      { Range: 'bytes=5-9', 'If-Range': 'Sun, 06 Nov 1994 08:49:37 GMT' },
      bounded(5, 10),
    ],
    ['the whole where If-Range can not match', { Range: 'bytes=5-9', 'If-Range': 'W/"a"' }, WHOLE],
    ['the first of far ranges', { Range: 'bytes=5-9,50-59' }, bounded(5, 10)],
    ['near ranges in one', { Range: 'bytes=5-9,15-19' }, bounded(5, 20)],
    ['near ranges, then an open one', { Range: 'bytes=5-9,15-' }, from(5)],
    ['the first of ranges, the last of which is open', { Range: 'bytes=5-9,50-' }, bounded(5, 10)],
    ['a suffix that comes first', { Range: 'bytes=-5,0-9' }, suffix(5)],
    ['the first before a suffix', { Range: 'bytes=5-9,-5' }, bounded(5, 10)],
    ['metadata where a later range begins earlier', { Range: 'bytes=50-59,0-9' }, HEAD],
    ['the whole where ranges overlap', { Range: 'bytes=0-9,5-14' }, WHOLE],
    ['the whole where the plan breaks the budget', { Range: 'bytes=0-0,500-500,1000-1000,1500-1500' }, WHOLE],
    ['the first where another is past every end', { Range: `bytes=5-9,${'9'.repeat(30)}-` }, bounded(5, 10)],
    ['the whole where all are past every end', { Range: `bytes=${'9'.repeat(30)}-,${'9'.repeat(31)}-` }, WHOLE],
    ['a range up to past every end', { Range: `bytes=5-${'9'.repeat(30)},-5` }, from(5)],
  ];
  test.each(rows)('reads %s', (_name, fields, expected) => {
    expect(ask(fields)).toEqual(expected);
  });
  test('reads only metadata for a HEAD', () => {
    expect(ask({}, 'HEAD')).toEqual(HEAD);
  });
  test('reads only metadata for a HEAD whose Range is used', () => {
    expect(ask({ Range: 'bytes=0-1' }, 'HEAD', { ...POLICY, headRange: true })).toEqual(HEAD);
  });
});
