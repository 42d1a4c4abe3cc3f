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

// An invalid date once gave 304 for each If-Modified-Since, and 412 for each If-Unmodified-Since.
test.each(['ifModifiedSince', 'ifUnmodifiedSince'] as const)(
  '%s is ignored if Last-Modified is an invalid date',
  (name) => {
    expect(checkPreconditions({ [name]: 784_111_777 }, { lastModified: new Date(Number.NaN) })).toBe('proceed');
  },
);
