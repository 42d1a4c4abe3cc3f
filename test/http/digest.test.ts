import { expect, test } from 'vitest';
import { digestFields, parseDigestWishes } from '../../src/http/digest.ts';

const sha256 = `${'A'.repeat(43)}=`;
const sha512 = `${'B'.repeat(86)}==`;
const both = { 'sha-256': sha256, 'sha-512': sha512 };
const repr256 = `sha-256=:${sha256}:`;
const repr512 = `sha-512=:${sha512}:`;

const fieldsFor = (headers: Record<string, string>) =>
  Object.fromEntries(digestFields(both, parseDigestWishes(new Headers(headers))));

const rows: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
  ['no preference: all', {}, { 'Repr-Digest': `${repr256}, ${repr512}` }],
  ['the preferred one', { 'Want-Repr-Digest': 'sha-256=2, sha-512=9' }, { 'Repr-Digest': repr512 }],
  ['equal weights: both', { 'Want-Repr-Digest': 'sha-256=3, sha-512=3' }, { 'Repr-Digest': `${repr256}, ${repr512}` }],
  ['0 excludes', { 'Want-Repr-Digest': 'sha-256=0' }, { 'Repr-Digest': repr512 }],
  ['0 for all: none', { 'Want-Repr-Digest': 'sha-256=0, sha-512=0' }, {}],
  ['an unknown one, and 0', { 'Want-Repr-Digest': 'md5=10, sha-512=0' }, { 'Repr-Digest': repr256 }],
  [
    'the old field, beside the new',
    { 'Want-Digest': 'sha-512;q=0.3, SHA-256;q=0.8', 'Want-Repr-Digest': 'sha-512=1' },
    { 'Repr-Digest': repr512, Digest: `SHA-256=${sha256}` },
  ],
  [
    'the old field with equal weights',
    { 'Want-Digest': 'SHA-512, SHA-256;q=1' },
    { 'Repr-Digest': `${repr256}, ${repr512}`, Digest: `SHA-256=${sha256},SHA-512=${sha512}` },
  ],
];

test.for(rows)('%s', ([, headers, fields]) => {
  expect(fieldsFor(headers)).toEqual(fields);
});

test.for([
  sha256.slice(0, -1),
  `${sha256}-3`,
  `${'A'.repeat(42)}==`,
  sha256.replace('A', '_'),
  sha512,
  `${sha256}\r\nX: y`,
  '',
])('a stored digest that is none is not sent: %s', (stored) => {
  expect(digestFields({ 'sha-256': stored }, { legacy: new Map([['sha-256', 1]]) })).toEqual([]);
});
