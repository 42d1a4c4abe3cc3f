import { describe, expect, test } from 'vitest';
import {
  checkClock,
  checkCompression,
  checkIfMatch,
  checkIfNoneMatch,
  checkIfRangeDate,
  checkIfRangeOld,
  checkStability,
} from '../../../src/cli/check/validator-checks.ts';
import { evidenceOf, printFinding, type Reply } from './evidence-of.ts';

const WHOLE = { status: 200, fields: { 'content-length': '10' }, body: '0123456789' };

test.for([
  [WHOLE, 'ok 200, the whole'],
  [{ status: 412 }, 'ok 412'],
  [{ status: 206, fields: { 'content-range': 'bytes 0-0/10' }, body: '0' }, 'fault 206'],
  [{ ...WHOLE, fields: { 'content-length': '1' }, body: '0' }, 'fault 200 with 1 of 10 bytes'],
  [{ ...WHOLE, body: 'x123456789' }, 'fault 200 with other bytes'],
  [{ status: 500 }, 'fault 500'],
  [{ status: 404 }, 'fault 404'],
] as const)('a stale If-Range: %o', ([reply, seen]) => {
  expect(printFinding(checkIfRangeOld(evidenceOf({ 'if-range-old': reply })))).toBe(seen);
});

test.for([
  [{ status: 206 }, WHOLE, 'ok 206, an old date 200'],
  [WHOLE, WHOLE, 'warning 200'],
  [{ status: 206 }, { status: 206 }, 'fault an old date: 206'],
] as const)('If-Range with the date: %o, with an old one %o', ([current, old, seen]) => {
  expect(printFinding(checkIfRangeDate(evidenceOf({ 'if-range-date': current, 'if-range-old-date': old })))).toBe(seen);
});

test.for([
  [412, 206, 'ok 412'],
  [412, 200, 'ok 412'],
  [412, 412, 'fault 412, but 412 for the current tag too'],
  [206, 206, 'warning 206'],
  [200, 200, 'warning 200'],
  [400, 206, 'warning 400'],
] as const)('If-Match with another tag: %d, with the current one: %d', ([old, current, seen]) => {
  const evidence = evidenceOf({ 'if-match-old': { status: old }, 'if-match-current': { status: current } });
  expect(printFinding(checkIfMatch(evidence))).toBe(seen);
});

test.for([
  [{ status: 304, fields: { etag: '"v1"' } }, 'ok 304'],
  [{ status: 304 }, 'ok 304'],
  [{ status: 304, fields: { etag: 'W/"v1"' } }, 'ok 304'],
  [{ status: 304, fields: { etag: '"v2"' } }, 'warning 304 with another tag'],
  [{ status: 200 }, 'warning 200'],
] as const)('If-None-Match with the current tag: %o', ([reply, seen]) => {
  expect(printFinding(checkIfNoneMatch(evidenceOf({ 'if-none-match': reply })))).toBe(seen);
});

describe('the same version in all responses', () => {
  const partial = (etag: string | undefined, date?: string): Reply => ({
    status: 206,
    fields: { etag, 'last-modified': date },
  });
  const DATE = 'Sun, 01 Nov 2026 10:00:00 GMT';
  test.for([
    [partial('"v1"', DATE), 'ok the same in 2 responses'],
    [partial('"v2"', DATE), 'fault 2 tags in 2 responses: "v1", "v2"'],
    [partial('W/"v1"', DATE), 'fault 2 tags in 2 responses: "v1", W/"v1"'],
    [partial('"v1"', 'Sun, 01 Nov 2026 10:00:01 GMT'), 'warning 2 dates in 2 responses'],
    [partial(undefined, DATE), 'warning a 206 has no ETag'],
    [{ status: 500, fields: { etag: '"error"' } }, 'ok the same in 1 response'],
  ] as const)('%o', ([range, seen]) => {
    expect(printFinding(checkStability(evidenceOf({ range })))).toBe(seen);
  });
});

describe('compression', () => {
  test.for([
    [{}, 'ok none'],
    [{ 'content-encoding': 'identity' }, 'ok none'],
    [{ 'content-encoding': 'br', etag: '"v1"' }, 'fault br with the same strong tag'],
    [{ 'content-encoding': 'gzip', etag: 'W/"v1"' }, 'warning gzip without a strong tag and without a length'],
    [{ 'content-encoding': 'gzip', etag: '"v1-gz"', 'content-length': '5' }, 'warning gzip with a tag of its own'],
  ] as const)('for browsers: %o', ([fields, seen]) => {
    expect(printFinding(checkCompression(evidenceOf({ compressed: { fields } })))).toBe(seen);
  });

  test.for([
    [{ 'content-encoding': 'gzip' }, 'warning gzip, although it was not asked for'],
    [{ 'content-encoding': 'gzip', 'content-length': undefined }, 'fault gzip, although it was not asked for'],
    [{ 'content-encoding': 'gzip', etag: 'W/"v1"' }, 'fault gzip, although it was not asked for'],
  ] as const)('for all: %o', ([fields, seen]) => {
    expect(printFinding(checkCompression(evidenceOf({ first: { fields }, compressed: {} })))).toBe(seen);
  });
});

test.for([
  [{}, 'ok within 60 s'],
  [{ date: undefined }, 'warning no Date'],
  [{ date: 'Sun, 29 Nov 2026 11:58:00 GMT' }, "warning the server's clock is 120 s behind this machine's"],
  [{ date: 'Sun, 29 Nov 2026 13:00:00 GMT' }, "warning the server's clock is 3600 s ahead of this machine's"],
  // A cache has kept the response for two minutes.
  [{ date: 'Sun, 29 Nov 2026 11:58:00 GMT', age: '120' }, 'ok within 60 s'],
  [{ 'last-modified': 'Sun, 29 Nov 2026 12:00:01 GMT' }, 'warning Last-Modified is later than Date'],
  [{ 'last-modified': undefined }, 'ok within 60 s'],
] as const)('clock: %o', ([fields, seen]) => {
  expect(printFinding(checkClock(evidenceOf({ first: { fields } })))).toBe(seen);
});
