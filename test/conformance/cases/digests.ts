import { createHash } from 'node:crypto';
import type { Case, Expect, HeaderLine } from '../case.ts';
import {
  multipart,
  notModified,
  part,
  preconditionFailed,
  problem,
  unsatisfiable,
  whole,
  wholeHead,
} from '../expected.ts';
import { codedFixture, fixtureOf } from '../fixtures.ts';

const KEY = 'kilo.bin';

const sha256 = createHash('sha256').update(fixtureOf(KEY).bytes).digest('base64');
const REPR = `sha-256=:${sha256}:`;
const LEGACY = `SHA-256=${sha256}`;

const none = { 'repr-digest': null, digest: null } as const;
const given = { 'repr-digest': REPR, digest: null } as const;

const digest = (
  name: string,
  rule: string,
  headers: readonly HeaderLine[],
  expected: Expect,
  fields: Expect['headers'],
) =>
  ({
    name: `digests: ${name}`,
    rule,
    target: `/${KEY}`,
    headers,
    expect: { ...expected, headers: { ...expected.headers, ...fields } },
  }) satisfies Case;

const head = (one: Case): Case => ({ ...one, method: 'HEAD', name: `${one.name}, by HEAD` });

const want = (name: string, value: string, fields: Expect['headers']) =>
  digest(`Want-Repr-Digest with ${name}`, 'RFC 9530 §4', [['Want-Repr-Digest', value]], whole(KEY), fields);

const wantLegacy = (name: string, value: string, fields: Expect['headers']) =>
  digest(`Want-Digest with ${name}`, 'RFC 3230 §4.3.1', [['Want-Digest', value]], whole(KEY), fields);

const range: HeaderLine = ['Range', 'bytes=1-2'];

/** For stores that know the SHA-256 of kilo.bin, and no other digest. */
export const digestCases: readonly Case[] = [
  digest('a 200 has the digest', 'RFC 9530 §3', [], whole(KEY), given),
  head(digest('the 200 has the digest', 'RFC 9530 §3', [], wholeHead(KEY), given)),
  digest('a 206 has the digest of the whole', 'RFC 9530 §3', [range], part(KEY, 1, 3), given),
  digest(
    'a multipart 206 has the digest of the whole',
    'RFC 9530 §3',
    [['Range', 'bytes=1-2,9-10']],
    multipart(KEY, [
      [1, 3],
      [9, 11],
    ]),
    given,
  ),
  digest('a 206 under If-Range', 'RFC 9530 §3', [range, ['If-Range', '{etag}']], part(KEY, 1, 3), given),
  digest('a 200 after If-Range of another version', 'RFC 9530 §3', [range, ['If-Range', '"x"']], whole(KEY), given),
  digest('a malformed range', '§14.2', [['Range', 'bytes=2-1']], whole(KEY), given),
  digest('a 304 has none', '§15.4.5', [['If-None-Match', '{etag}']], notModified, none),
  digest('a 412 has none', '§15.5.13', [['If-Match', '"x"']], preconditionFailed, none),
  digest('a 416 has none', '§15.5.17', [['Range', 'bytes=5000-']], unsatisfiable(KEY), none),
  { ...digest('a 404 has none', '§15.5.5', [], problem(404), none), target: '/missing.bin' },
  { ...digest('a 405 has none', '§15.5.6', [], problem(405), none), method: 'PUT' },

  want('the algorithm', 'sha-256=5', given),
  want('one that is preferred and not there', 'sha-512=9, sha-256=1', given),
  want('one that is not there alone', 'crc32c=10', given),
  want('0 for the algorithm', 'sha-256=0', none),
  want('0 for another', 'md5=0', given),
  want('the last of two values', 'sha-256=3, sha-256=0', none),
  want('parameters', 'sha-256=0;a;b="c"', none),
  want('a member that is no number', 'sha-256=no', given),
  want('a fraction', 'sha-256=0.0', given),
  want('a number beyond 10', 'sha-256=11', given),
  want('a negative number', 'sha-256=-1', given),
  want('a bare key', 'sha-256', given),
  want('an inner list beside it', 'a=(1 "x" y);z, sha-256=0', none),
  want('a malformed member, which makes all of it malformed', 'sha-256=0, b=', given),
  want('a comma at the end', 'sha-256=0,', given),
  want('a key in upper case', 'SHA-256=0', given),
  want('nothing', '', given),
  digest(
    'Want-Repr-Digest on two lines',
    'RFC 9651 §4.2',
    [
      ['Want-Repr-Digest', 'sha-512=1'],
      ['Want-Repr-Digest', 'sha-256=0'],
    ],
    whole(KEY),
    none,
  ),

  wantLegacy('the algorithm', 'sha-256', { digest: LEGACY }),
  wantLegacy("aria2's list", 'SHA-512;q=1, SHA-256;q=1, SHA;q=0.1', { digest: LEGACY, 'repr-digest': REPR }),
  wantLegacy('q=0', 'sha-256;q=0', given),
  wantLegacy('another algorithm', 'md5', given),
  wantLegacy('a bad member beside it', 'sha-512;q=x, ;;, sha-256;q=0.5', { digest: LEGACY }),
  digest('Want-Digest on a 206', 'RFC 3230 §4.3.2', [range, ['Want-Digest', 'sha-256']], part(KEY, 1, 3), {
    digest: LEGACY,
  }),
  digest(
    'Want-Digest on a 304',
    '§15.4.5',
    [
      ['If-None-Match', '{etag}'],
      ['Want-Digest', 'sha-256'],
    ],
    notModified,
    none,
  ),
];

const CODED = codedFixture.key;

const coded = (name: string, headers: readonly HeaderLine[], expected: Expect): Case => ({
  ...digest(`of stored gzip: ${name}`, 'RFC 9530 §3', headers, expected, {
    'repr-digest': `sha-256=:${createHash('sha256').update(codedFixture.bytes).digest('base64')}:`,
    'content-encoding': 'gzip',
  }),
  target: `/${CODED}`,
});

/** For the same stores with the coded fixture: the digest is that of the stored bytes, whatever the client accepts. */
export const codedDigestCases: readonly Case[] = [
  coded('a 200', [], whole(CODED)),
  coded('a 200 for a client that takes no coding', [['Accept-Encoding', 'identity']], whole(CODED)),
  head(coded('the 200', [], wholeHead(CODED))),
  coded('a 206', [range], part(CODED, 1, 3)),
  coded('a 206 under If-Range', [range, ['If-Range', '{etag}']], part(CODED, 1, 3)),
];
