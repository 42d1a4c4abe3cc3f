import { expect, test } from 'vitest';
import { parseIntegerDictionary } from '../../src/http/structured-field.ts';

const valid: readonly (readonly [field: string, members: Readonly<Record<string, number | undefined>>])[] = [
  ['', {}],
  ['  ', {}],
  ['sha-256=1', { 'sha-256': 1 }],
  ['  a=0,b=-1 \t,\t *c=999999999999999  ', { a: 0, b: -1, '*c': 999_999_999_999_999 }],
  ['a=1, a=2', { a: 2 }],
  ['a=1, a', { a: undefined }],
  ['a=1;q=0.5;x;y="z", b', { a: 1, b: undefined }],
  ['a;  x=1, b=1; y', { a: undefined, b: 1 }],
  ['a=1.5, b="x\\"\\\\", c=*t/:x, z=2', { a: undefined, b: undefined, c: undefined, z: 2 }],
  ['d=:aGk=:, e=?1, f=@-1, g=%"%c3%bc", z=2', { d: undefined, e: undefined, f: undefined, g: undefined, z: 2 }],
  ['a=(), b=( 1 "x";y  t );z=1, c=3', { a: undefined, b: undefined, c: 3 }],
];

test.for(valid)('RFC 9651: the members of "%s"', ([field, members]) => {
  expect(Object.fromEntries(parseIntegerDictionary(field) ?? [['malformed', 0]])).toEqual(members);
});

const malformed = [
  'a=',
  'a=1,',
  ',a=1',
  'a=1,,b=2',
  'A=1',
  '-a=1',
  'a=1 b=2',
  'a =1',
  'a= 1',
  'a=1 ;x',
  'a=1;',
  'a=1;X',
  'a=1000000000000000',
  'a=1.2345',
  'a=1.',
  'a=--1',
  'a="x',
  'a="\\x"',
  'a=:a',
  'a=?2',
  'a=(1',
  'a=(1(2))',
  'a=%"%C3"',
  '\ta=1',
  'ä=1',
  `a=1, b="${'x'.repeat(1_024)}"`,
];

test.for(malformed)('RFC 9651: "%s" is malformed as a whole', (field) => {
  expect(parseIntegerDictionary(field)).toBeUndefined();
});

test('takes linear time for text that nearly matches', () => {
  const start = performance.now();
  for (const text of ['a=("', '(((', 'a;a', 'a=(1 ', 'a=1;b=( '])
    for (const end of ['', '"', ')', '\0']) parseIntegerDictionary(`a=${text.repeat(1_024).slice(0, 1_000)}${end}`);
  expect(performance.now() - start).toBeLessThan(1_000);
});
