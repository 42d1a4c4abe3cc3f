import { expect, test } from 'vitest';
import { nameOf } from '../../../src/cli/get/file-name.ts';

const name = (path: string, disposition?: string) =>
  nameOf(
    new URL(path, 'https://files.example'),
    new Headers(disposition === undefined ? {} : { 'Content-Disposition': disposition }),
  );

test.for([
  ['/a/b.txt', 'b.txt'],
  ['/a/b%20c.txt?x=/y', 'b c.txt'],
  ['/', 'download'],
  ['/a/', 'download'],
  ['/..%2f..%2fetc%2fpasswd', '_.._etc_passwd'],
  ['/%2e%2e%2f', '_'],
  ['/a%00b', 'a_b'],
  ['/%ff', '%ff'],
  ['/nul.txt', '_nul.txt'],
  ['/a:b', 'a_b'],
] as const)('the name of %s is %s', ([path, expected]) => {
  expect(name(path)).toBe(expected);
});

test('a name fits a file system, with the endings of its part and its lock', () => {
  const long = name('/x', `attachment; filename*=UTF-8''${encodeURIComponent('€'.repeat(200))}.tar.gz`);
  expect(Buffer.byteLength(`${long}.rangeway.lock.takeover`)).toBeLessThan(256);
  expect(long.endsWith('.gz')).toBe(true);
});
