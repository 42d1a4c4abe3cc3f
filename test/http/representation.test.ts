import { expect, test } from 'vitest';
import { checkPreconditions } from '../../src/http/preconditions.ts';
import { modifiedSeconds } from '../../src/http/representation.ts';

test.each([
  [new Date(1_999), 1],
  [new Date(Number.NaN), undefined],
  [undefined, undefined],
])('Last-Modified of %j in seconds: %j', (lastModified, expected) => {
  expect(modifiedSeconds({ lastModified })).toBe(expected);
});

// It answered 304 to every If-Modified-Since, and 412 to every If-Unmodified-Since.
test.each(['ifModifiedSince', 'ifUnmodifiedSince'] as const)(
  '%s is ignored where Last-Modified is no instant',
  (name) => {
    expect(checkPreconditions({ [name]: 784_111_777 }, { lastModified: new Date(Number.NaN) })).toBe('hold');
  },
);
