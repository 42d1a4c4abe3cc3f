import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWithin, decodeAccessPath } from '../../src/access/path.ts';
import { decodeRequestPath } from '../../src/gateway/match-mount.ts';
import { holds } from '../property-runs.ts';

describe('plainPath decodes once, and changes nothing else', () => {
  test.for([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a//b', '/a//b'],
    ['//a', '//a'],
    ['/a%20b+c', '/a b+c'],
    ['/%E6%97%A5', '/日'],
    ['/%e6%97%a5', '/日'],
    ['/%61', '/a'],
    ['/%2561', '/%61'],
    ['/a%252Fb', '/a%2Fb'],
    ['/u%CC%88', '/u\u0308'],
    ['/%C3%BC', '/\u00fc'],
    ['/.hidden/...', '/.hidden/...'],
    ['/a%5Cb', String.raw`/a\b`],
  ] as const)('%s stands for %s', ([path, plain]) => {
    expect(decodeAccessPath(path)).toBe(plain);
  });
});

describe('plainPath refuses an ambiguous path', () => {
  test.for([
    ['an encoded slash, which routers and keys take differently', '/a%2Fb'],
    ['an encoded slash in lower case', '/a%2fb'],
    ['no first slash', 'a'],
    ['nothing', ''],
    ['what is no percent-encoding', '/%zz'],
    ['what is no UTF-8', '/%ff'],
    ['an overlong slash', '/%c0%af'],
    ['a surrogate', '/%ed%a0%80'],
    ['a line feed', '/a%0Ab'],
    ['NUL', '/a%00'],
    ['DEL', '/a%7f'],
    ['a dot segment', '/a/./b'],
    ['a parent segment', '/a/../b'],
    ['an encoded parent segment', '/a/%2e%2e/b'],
    ['a parent segment behind a backslash', '/a%5c..%5cb'],
    ['more than any key has', `/${'a'.repeat(8192)}`],
  ] as const)('%s', ([, path]) => {
    expect(decodeAccessPath(path)).toBeUndefined();
  });
});

const char = fc.constantFrom(...'aB./\\%25eEfF0ü日+? \n'.split(''));
const encoded = fc
  .array(
    fc.tuple(char, fc.boolean()).map(([one, hidden]) => (hidden ? hide(one) : encodeURI(one))),
    { maxLength: 12 },
  )
  .map((chars) => chars.join(''));

function hide(one: string): string {
  return [...new TextEncoder().encode(one)].map((byte) => `%${byte.toString(16)}`).join('');
}

test('the path that a rule compares is the mount path and the key, so rule and read mean the same object', () => {
  holds(
    fc.property(encoded, fc.constantFrom('', '/m', '/m/n'), (rest, mount) => {
      const plain = decodeAccessPath(`${mount}/${rest}`);
      if (plain === undefined) return;
      expect(decodeRequestPath(rest)).toEqual({ type: 'path', path: plain.slice(mount.length + 1) });
    }),
  );
});

test('isWithin matches only at a slash', () => {
  const rows: readonly (readonly [path: string, allowed: string, within: boolean])[] = [
    ['/a/b', '/a/', true],
    ['/a/', '/a/', true],
    ['/a', '/a/', false],
    ['/ab', '/a/', false],
    ['/a/b', '/a', false],
    ['/a', '/a', true],
    ['/anything', '/', true],
    ['/a', '', false],
    ['/A/b', '/a/', false],
  ];
  for (const [path, allowed, within] of rows)
    expect([path, allowed, isWithin(path, allowed)]).toEqual([path, allowed, within]);
});
