import { expect, test } from 'vitest';
import { judge, type Asked, type Version } from '../../src/client/verdict.ts';
import { head, partial, TAG } from './heads.ts';

const NOW = Date.UTC(2026, 10, 29);
const FIRST: Asked = { type: 'range', start: 0, end: undefined };
const LATER: Asked = { type: 'range', start: 10, end: 20 };
const WHOLE: Asked = { type: 'whole' };
const KEPT: Version = {
  size: 100,
  validator: { type: 'tag', tag: { weak: false, opaque: 'a' } },
  isCoded: false,
  digests: [],
};
const DATES = { 'Last-Modified': 'Sat, 28 Nov 2026 00:00:00 GMT', Date: 'Sun, 29 Nov 2026 00:00:00 GMT' };
const DATED: Version = { ...KEPT, validator: { type: 'date', seconds: Date.UTC(2026, 10, 28) / 1000 } };
const SHA = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';
const OTHER_SHA = 'sha-256=:57DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';

const judged = (...args: Parameters<typeof judge> extends [infer A, infer B, infer C, number] ? [A, B, C] : never) => {
  const verdict = judge(...args, NOW);
  return verdict.type === 'body' ? `${verdict.start}-${verdict.end} of ${verdict.version.size}` : verdict.type;
};

test.for([
  ['a 206 from the first byte', partial(0, 100, 100), '0-100 of 100'],
  ['a 206 that has less than asked', partial(0, 50, 100), '0-50 of 100'],
  ['a 200', head(200, { 'Content-Length': '100' }), '0-100 of 100'],
  ['a 200 without a length', head(200), '0-undefined of undefined'],
  ['a 200 with a malformed length', head(200, { 'Content-Length': '1,2' }), 'unusable'],
  ['a 206 without Content-Range', head(206, TAG), 'unusable'],
  ['a 206 of several ranges', head(206, { 'Content-Type': 'multipart/byteranges; boundary=x' }), 'unusable'],
  ['a 206 that begins later', partial(1, 100, 100), 'unusable'],
  ['a 206 with another length', head(206, { 'Content-Range': 'bytes 0-99/100', 'Content-Length': '99' }), 'unusable'],
  ['a 206 without the total', head(206, { 'Content-Range': 'bytes 0-99/*' }), 'unusable'],
  ['a 206 that ends after the object', head(206, { 'Content-Range': 'bytes 0-99/50' }), 'unusable'],
  ['a 206 in another unit', head(206, { 'Content-Range': 'items 0-99/100' }), 'unusable'],
  ['a coded 200', head(200, { 'Content-Encoding': 'gzip', 'Content-Length': '10' }), '0-undefined of undefined'],
  ['identity as coding', head(200, { 'Content-Encoding': 'identity', 'Content-Length': '1' }), '0-1 of 1'],
  ['a whole coded 206', partial(0, 10, 10, { 'Content-Encoding': 'gzip' }), '0-undefined of undefined'],
  ['a part of a coded 206', partial(0, 5, 10, { 'Content-Encoding': 'gzip' }), 'unusable'],
  ['an empty object', head(416, { 'Content-Range': 'bytes */0' }), 'empty'],
  ['416 of an object with bytes', head(416, { 'Content-Range': 'bytes */5' }), 'unusable'],
  ['416 without a size', head(416), 'unusable'],
  ['204', head(204), 'refused'],
  ['301', head(301), 'refused'],
  ['401', head(401), 'expired'],
  ['403', head(403), 'expired'],
  ['404', head(404), 'refused'],
  ['410', head(410), 'expired'],
  ['412', head(412), 'unusable'],
  ['429', head(429), 'busy'],
  ['500', head(500), 'busy'],
  ['501', head(501), 'refused'],
  ['503', head(503), 'busy'],
] as const)('a first response that is %s', ([, response, expected]) => {
  expect(judged(FIRST, undefined, response)).toBe(expected);
});

test.for([
  ['the range', partial(10, 20, 100), '10-20 of 100'],
  ['less than the range', partial(10, 15, 100), '10-15 of 100'],
  ['more than the range', partial(10, 21, 100), 'unusable'],
  ['a range before it', partial(9, 20, 100), 'unusable'],
  ['a range after it', partial(11, 20, 100), 'unusable'],
  ['another tag', partial(10, 20, 100, { ETag: '"b"' }), 'changed'],
  ['another tag and another range', partial(0, 20, 100, { ETag: '"b"' }), 'changed'],
  ['the tag as a weak one', partial(10, 20, 100, { ETag: 'W/"a"' }), 'changed'],
  ['no tag', partial(10, 20, 100, {}), 'unusable'],
  ['another size', partial(10, 20, 101), 'changed'],
  ['a coding', partial(10, 20, 100, { ...TAG, 'Content-Encoding': 'gzip' }), 'unusable'],
  ['200 of the same version', head(200, { ...TAG, 'Content-Length': '100' }), 'unusable'],
  ['200 of another version', head(200, { ETag: '"b"', 'Content-Length': '100' }), 'changed'],
  ['200 of another size', head(200, { ...TAG, 'Content-Length': '99' }), 'changed'],
  ['a coded 200', head(200, { ETag: 'W/"a"', 'Content-Encoding': 'gzip' }), 'unusable'],
  ['412', head(412), 'changed'],
  ['416 with another size', head(416, { 'Content-Range': 'bytes */5' }), 'changed'],
  ['416 with the same size', head(416, { 'Content-Range': 'bytes */100' }), 'unusable'],
  ['an emptied object', head(416, { 'Content-Range': 'bytes */0' }), 'changed'],
] as const)('a later response that has %s', ([, response, expected]) => {
  expect(judged(LATER, KEPT, response)).toBe(expected);
});

test.for([
  ['the same date', partial(10, 20, 100, DATES), '10-20 of 100'],
  ['another date', partial(10, 20, 100, { ...DATES, 'Last-Modified': 'Sat, 28 Nov 2026 00:00:01 GMT' }), 'changed'],
  ['no date', partial(10, 20, 100, {}), 'unusable'],
] as const)('a later response of a dated version that has %s', ([, response, expected]) => {
  expect(judged(LATER, DATED, response)).toBe(expected);
});

test.for([
  ['the same version', head(200, { ...TAG, 'Content-Length': '100' }), '0-100 of 100'],
  ['another version', head(200, { ETag: '"b"', 'Content-Length': '100' }), 'changed'],
  ['206', partial(0, 100, 100), 'unusable'],
] as const)('a response to a request without a range, of %s', ([, response, expected]) => {
  expect(judged(WHOLE, KEPT, response)).toBe(expected);
});

test('a version with another digest is another version, even with the same tag', () => {
  const kept = { ...KEPT, digests: [{ algorithm: 'sha-256', hex: 'e3b0'.padEnd(64, '0') }] as const };
  expect(judged(LATER, kept, partial(10, 20, 100, { ...TAG, 'Repr-Digest': SHA }))).toBe('changed');
});

test('the first response tells size, validator and digest', () => {
  const verdict = judge(FIRST, undefined, partial(0, 5, 5, { ...TAG, 'Repr-Digest': `${SHA}, x=1` }), NOW);
  expect(verdict).toMatchObject({
    type: 'body',
    version: {
      size: 5,
      validator: { type: 'tag', tag: { weak: false, opaque: 'a' } },
      digests: [{ algorithm: 'sha-256', hex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }],
    },
  });
  expect(SHA).not.toBe(OTHER_SHA);
});

test('Retry-After is read as seconds and as a date', () => {
  expect(judge(FIRST, undefined, head(503, { 'Retry-After': '7' }), NOW)).toMatchObject({ retryAfter: 7_000 });
  const date = new Date(NOW + 9_000).toUTCString();
  expect(judge(FIRST, undefined, head(429, { 'Retry-After': date }), NOW)).toMatchObject({
    retryAfter: 9_000,
    isTooMany: true,
  });
  expect(judge(FIRST, undefined, head(500, { 'Retry-After': 'soon' }), NOW)).toMatchObject({ retryAfter: undefined });
});
