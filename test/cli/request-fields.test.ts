import { expect, test } from 'vitest';
import { parseRequestFields } from '../../src/cli/request-fields.ts';

test('fields are read by name, several of them', () => {
  expect(parseRequestFields(['Authorization: Bearer abc', 'X-A:b: c ', 'x-empty:'], [])).toEqual({
    authorization: 'Bearer abc',
    'x-a': 'b: c',
    'x-empty': '',
  });
});

test.for([
  ['no-colon-secret'],
  [': secret'],
  ['a b: secret'],
  ['X: secret\r\nY: z'],
  ['X: secret\u20ac'],
  ['Range: secret'],
  ['Content-Length: secret'],
])('%j is refused, and its value not quoted', ([text = '']) => {
  let message = '';
  try {
    parseRequestFields([text], ['range']);
  } catch (error) {
    message = String(error);
  }
  expect(message).toMatch(/^UsageError: --header /);
  expect(message).not.toContain('secret');
});

test('a field that is given twice is refused', () => {
  expect(() => parseRequestFields(['X: 1', 'x: 2'], [])).toThrow('--header takes x once');
});
