import { describe, expect, test } from 'vitest';
import { contentRange, unsatisfiedContentRange } from '../../src/http/content-range.ts';

describe('contentRange', () => {
  const rows: readonly (readonly [name: string, start: number, end: number, size: number, expected: string])[] = [
    ['the first byte', 0, 1, 10, 'bytes 0-0/10'],
    ['the whole', 0, 10, 10, 'bytes 0-9/10'],
    ['the last byte', 9, 10, 10, 'bytes 9-9/10'],
    ['a range in the middle', 21_010, 47_022, 47_022, 'bytes 21010-47021/47022'],
    ['the largest size there is', 0, 2 ** 53 - 1, 2 ** 53 - 1, 'bytes 0-9007199254740990/9007199254740991'],
  ];
  test.each(rows)('prints %s', (_name, start, end, size, expected) => {
    expect(contentRange({ start, end }, size)).toBe(expected);
  });
});

describe('unsatisfiedContentRange', () => {
  test('prints only the complete length', () => {
    expect(unsatisfiedContentRange(47_022)).toBe('bytes */47022');
  });
  test('prints zero', () => {
    expect(unsatisfiedContentRange(0)).toBe('bytes */0');
  });
});
