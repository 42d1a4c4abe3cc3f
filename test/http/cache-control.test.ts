import { describe, expect, test } from 'vitest';
import { withNoTransform } from '../../src/http/cache-control.ts';

describe('withNoTransform adds it', () => {
  const rows: readonly (readonly [name: string, value: string | undefined, expected: string])[] = [
    ['where there is nothing', undefined, 'no-transform'],
    ['after one directive', 'no-cache', 'no-cache, no-transform'],
    ['after several', 'public, max-age=3600', 'public, max-age=3600, no-transform'],
    ['after immutable', 'max-age=31536000, immutable', 'max-age=31536000, immutable, no-transform'],
    ['beside a directive that begins so', 'no-transformation', 'no-transformation, no-transform'],
    ['beside a directive that ends so', 'x-no-transform', 'x-no-transform, no-transform'],
    ['beside a parameter of that name', 'x=no-transform', 'x=no-transform, no-transform'],
    ['beside two words', 'a no-transform', 'a no-transform, no-transform'],
  ];
  test.each(rows)('%s', (_name, value, expected) => {
    expect(withNoTransform(value)).toBe(expected);
  });
});

describe('withNoTransform leaves it', () => {
  test.each([
    ['alone', 'no-transform'],
    ['first', 'no-transform, public'],
    ['in the middle', 'public, no-transform, max-age=5'],
    ['last', 'public,no-transform'],
    ['in upper case', 'public, NO-TRANSFORM'],
    ['among tabs', 'public,\tno-transform\t, max-age=5'],
    ['beside empty elements', ',no-transform,'],
  ])('%s', (_name, value) => {
    expect(withNoTransform(value)).toBe(value);
  });
});
