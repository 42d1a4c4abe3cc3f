import { expect, test } from 'vitest';
import { conditionFields, parseValidator, printValidator, validatorOf } from '../../src/client/validator.ts';

const of = (fields: Record<string, string>) => printValidator(validatorOf(new Headers(fields), 0));
const MODIFIED = 'Sat, 28 Nov 2026 10:00:00 GMT';

test.for([
  ['a strong tag', { ETag: '"a"' }, '"a"'],
  ['a weak tag', { ETag: 'W/"a"' }, ''],
  ['a weak tag beside a date', { ETag: 'W/"a"', 'Last-Modified': MODIFIED, Date: 'Sun, 29 Nov 2026 10:00:00 GMT' }, ''],
  ['a tag without quotes', { ETag: 'a' }, ''],
  ['a date of a second ago', { 'Last-Modified': MODIFIED, Date: 'Sat, 28 Nov 2026 10:00:01 GMT' }, MODIFIED],
  ['a date of now', { 'Last-Modified': MODIFIED, Date: MODIFIED }, ''],
  ['a date without the time of the response', { 'Last-Modified': MODIFIED }, ''],
  ['nothing', {}, ''],
] as const)('the validator of a response with %s', ([, fields, expected]) => {
  expect(of(fields)).toBe(expected);
});

test('a request carries both conditions, for servers that have only one of them', () => {
  expect(conditionFields({ type: 'tag', tag: { weak: false, opaque: 'a' } })).toEqual({
    'if-match': '"a"',
    'if-range': '"a"',
  });
  expect(conditionFields({ type: 'date', seconds: Date.parse(MODIFIED) / 1000 })).toEqual({
    'if-unmodified-since': MODIFIED,
    'if-range': MODIFIED,
  });
});

test.for(['', '"a"', MODIFIED])('the journal has %j as it was', (text) => {
  const validator = parseValidator(text);
  expect(validator === undefined ? undefined : printValidator(validator)).toBe(text);
});

test.for(['W/"a"', 'a', 'yesterday'])('the journal has no validator %j', (text) => {
  expect(parseValidator(text)).toBeUndefined();
});
