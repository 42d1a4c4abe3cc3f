import { expect, test } from 'vitest';
import { printMetalink } from '../../src/digests/metalink.ts';

const index = {
  key: 'k',
  etag: 'e',
  size: 2,
  crc32: 0,
  sha256: new Uint8Array(32).fill(0xab),
  pieces: new Uint8Array(32).fill(1),
};

const nameIn = (text: string) => /<file name="([^"]*)">/.exec(text)?.[1];

test.for([
  ['a.bin', 'a.bin'],
  ['releases/a b.bin', 'a b.bin'],
  ['x/..', 'download'],
  ['..\\..\\evil.exe', 'evil.exe'],
  ['folder/', 'folder'],
  ['', 'download'],
  ['<&>"\'', '&lt;&amp;&gt;&quot;&#39;'],
  ['a\0b\nc\u0085\ufffe\ud800', 'a_b_c__\ufffd'],
  ['日本.bin', '日本.bin'],
] as const)('the name of the file of %s is %s', ([name, printed]) => {
  expect(nameIn(printMetalink(index, name, 'http://localhost/'))).toBe(printed);
});

test('prints size, hashes and address', () => {
  expect(printMetalink(index, 'a', 'http://localhost/a?b&c')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
<file name="a">
<size>2</size>
<hash type="sha-256">${'ab'.repeat(32)}</hash>
<pieces length="1048576" type="sha-256">
<hash>${'01'.repeat(32)}</hash>
</pieces>
<url>http://localhost/a?b&amp;c</url>
</file>
</metalink>
`);
});
