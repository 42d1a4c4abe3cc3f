import { expect, test } from 'vitest';
import { keyLengthError, decodeRequestPath } from '../../src/gateway/match-mount.ts';

/** The steps of a request for the root mount. */
function toKey(encoded: string) {
  const result = decodeRequestPath(encoded);
  if (result.type === 'invalid') return result;
  const detail = keyLengthError(result.path);
  return detail === undefined ? { type: 'key', key: result.path } : { type: 'invalid', detail };
}

test.for([
  ['a', 'a'],
  ['a/b%2Fc', 'a/b/c'],
  ['with%20space', 'with space'],
  ['a+b', 'a+b'],
  ['%E6%97%A5', '日'],
  ['%2Fleading', '/leading'],
  ['a//b', 'a//b'],
  ['...', '...'],
  ['.hidden', '.hidden'],
  ['a..b', 'a..b'],
  ['', ''],
  ['x'.repeat(1024), 'x'.repeat(1024)],
  ['%C3%BC'.repeat(512), 'ü'.repeat(512)],
] as const)('%s names %s', ([path, key]) => {
  expect(toKey(path)).toEqual({ type: 'key', key });
});

test.for([
  ['%', /UTF-8/],
  ['%zz', /UTF-8/],
  ['%ff', /UTF-8/],
  ['%c0%af', /UTF-8/],
  ['%ed%a0%80', /UTF-8/],
  ['a%00b', /NUL/],
  ['..%2fetc', /segment/],
  ['a%2f..%2fb', /segment/],
  ['a%5c..%5cb', /segment/],
  ['%2e%2e', /segment/],
  ['.', /segment/],
  ['a/%2e/b', /segment/],
  ['x'.repeat(1025), /1024 bytes/],
  ['%C3%BC'.repeat(513), /1024 bytes/],
  ['x'.repeat(1_000_000), /1024 bytes/],
] as const)('%.20s is refused', ([path, detail]) => {
  expect(toKey(path)).toEqual({ type: 'invalid', detail: expect.stringMatching(detail) });
});
