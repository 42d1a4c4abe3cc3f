import { describe, expect, test } from 'vitest';
import { fieldValue } from '../../src/http/field-value.ts';

describe('fieldValue passes', () => {
  const rows: readonly (readonly [name: string, stored: string, expected: string])[] = [
    ['plain text', 'text/plain', 'text/plain'],
    ['spaces and tabs inside', 'a \tb', 'a \tb'],
    ['white space around, trimmed', ' \ttext/plain \t', 'text/plain'],
    ['a line break around, trimmed', 'text/plain\r\n', 'text/plain'],
    ['obs-text', 'caf\u00e9', 'caf\u00e9'],
    ['the last of latin-1', 'a\u00ff', 'a\u00ff'],
    ['quotes and backslashes', String.raw`a="\""`, String.raw`a="\""`],
    ['a single character', '0', '0'],
  ];
  test.each(rows)('%s', (_name, stored, expected) => {
    expect(fieldValue(stored)).toBe(expected);
  });
});

describe('fieldValue leaves out', () => {
  const rows: readonly (readonly [name: string, stored: string | undefined])[] = [
    ['what is absent', undefined],
    ['what is empty', ''],
    ['white space', ' \t '],
    ['CR LF', 'a\r\nSet-Cookie: b'],
    ['CR', 'a\rb'],
    ['LF', 'a\nb'],
    ['NUL', 'a\u0000b'],
    ['an escape character', 'a\u001bb'],
    ['DEL', 'a\u007fb'],
    ['a character beyond latin-1', 'a\u0100'],
    ['a character that ends in LF when cut to a byte', 'a\u010ab'],
    ['a character outside the plane', 'a\u{1f600}'],
    ['a lone surrogate', 'a\ud800'],
    ['a line separator', 'a\u2028b'],
  ];
  test.each(rows)('%s', (_name, stored) => {
    expect(fieldValue(stored)).toBeUndefined();
  });
});
