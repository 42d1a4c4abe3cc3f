import type { Case, Expect, HeaderLine } from '../case.ts';
import { notModified, preconditionFailed, problem, whole } from '../expected.ts';

const PIECES = 'application/vnd.rangeway.pieces';
const METALINK = 'application/metalink4+xml';
const NO_PIECES = 'urn:rangeway:problem:no-pieces';

const one = (name: string, target: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name: `pieces: ${name}`,
  rule: 'docs/piece-index.md',
  target,
  headers,
  expect,
});

const index = (of: string): Expect => ({
  status: 200,
  headers: { 'content-type': PIECES, etag: '{etag}', link: null, 'repr-digest': null },
  body: { type: 'index', of },
});

const metalink = (of: string, url: string): Expect => ({
  status: 200,
  headers: { 'content-type': METALINK, link: null, 'repr-digest': null },
  body: { type: 'metalink', of, url },
});

const none: Expect = {
  ...problem(404),
  headers: { ...problem(404).headers, link: null },
  body: { type: 'problem', problem: NO_PIECES },
};

const announced = (path: string, query = ''): RegExp => {
  const link = (form: string, type: string) => `<${path}?${query}${form}>; rel="describedby"; type="${type}"`;
  const text = `${link('pieces', PIECES)}, ${link('meta4', METALINK)}`;
  return new RegExp(`^${text.replaceAll(/[.?+/()^$*[\]]/gu, '\\$&')}$`, 'u');
};

/** Keys whose indexes count as none. */
const withoutIndex: readonly (readonly [why: string, target: string])[] = [
  ['no index', '/hash%23.txt'],
  ['a truncated index', '/plus+sign.txt'],
  ['an index with a changed bit', '/percent%25.txt'],
  ['the index of another version', '/question%3F.txt'],
  ['an index of a later format', '/with%20space.txt'],
  ['the index of another key', '/deep/er/file.txt'],
];

/** For mounts at the root with `pieces`, whose indexes are those of reference-index.ts. */
export const piecesCases: readonly Case[] = [
  one('the index of an object', '/mega.bin?pieces', [], index('mega.bin')),
  one('of two pieces', '/large.bin?pieces', [], index('large.bin')),
  one('of zero bytes', '/empty.txt?pieces', [], index('empty.txt')),
  one('of a key beyond ASCII', '/%C3%BCn%C3%AF/%E6%97%A5%E6%9C%AC.txt?pieces', [], index('ünï/日本.txt')),
  one('with a value and other parameters', '/mega.bin?a=b&pieces=1&download', [], index('mega.bin')),
  one('and Metalink: the index', '/mega.bin?meta4&pieces', [], index('mega.bin')),
  { ...one('by HEAD', '/mega.bin?pieces', [], { ...index('mega.bin'), body: { type: 'empty' } }), method: 'HEAD' },
  one('pinned to the version', '/mega.bin?pieces', [['If-Match', '{etag}']], index('mega.bin')),
  one('pinned to another version', '/mega.bin?pieces', [['If-Match', '"x"']], preconditionFailed),
  one('not modified', '/mega.bin?pieces', [['If-None-Match', '{etag}']], notModified),
  one('not modified since', '/mega.bin?pieces', [['If-Modified-Since', '{date}']], notModified),
  one('a range of the index', '/mega.bin?pieces', [['Range', 'bytes=0-0']], {
    status: 206,
    headers: { 'content-type': PIECES, etag: '{etag}', 'content-length': '1' },
  }),
  one('a range beyond the index', '/mega.bin?pieces', [['Range', 'bytes=9999-']], {
    status: 416,
    headers: { etag: null },
    body: { type: 'problem' },
  }),
  one('for a page of another origin', '/mega.bin?pieces', [['Origin', 'https://a.example']], {
    ...index('mega.bin'),
    headers: { ...index('mega.bin').headers, 'access-control-allow-origin': '*' },
  }),
  { ...one('by POST', '/mega.bin?pieces', [], problem(405)), method: 'POST' },

  ...withoutIndex.flatMap(([why, target]) => [
    one(`${why}: 404`, `${target}?pieces`, [], none),
    one(`${why}: no Metalink`, `${target}?meta4`, [], none),
    one(`${why}, and a condition: 404`, `${target}?pieces`, [['If-None-Match', '*']], none),
    one(`${why}: the object`, target, [], { status: 200 }),
  ]),
  { ...one('no index, by HEAD', '/hash%23.txt?pieces', [], { status: 404, body: { type: 'empty' } }), method: 'HEAD' },
  one('of a missing object', '/missing.bin?pieces', [], problem(404)),
  one('a Metalink of a missing object', '/missing.bin?meta4', [], problem(404)),
  one('of an address that is none', '/%ff?pieces', [], problem(400)),

  one('a Metalink document', '/mega.bin?meta4', [], metalink('mega.bin', '/mega.bin')),
  one('of two pieces as Metalink', '/large.bin?meta4', [], metalink('large.bin', '/large.bin')),
  one('of zero bytes as Metalink', '/empty.txt?meta4', [], metalink('empty.txt', '/empty.txt')),
  // A public response may be stored by a CDN, whose key has no other parameters.
  one('a public query that changes nothing', '/mega.bin?a=%22&meta4&b', [], metalink('mega.bin', '/mega.bin')),
  one('download stays in the address', '/mega.bin?download&meta4', [], metalink('mega.bin', '/mega.bin?download')),
  one('a Metalink of an odd key', '/quote%27%22s.txt?meta4', [], metalink('quote\'"s.txt', '/quote%27%22s.txt')),
  one(
    'a Metalink pinned to the version',
    '/mega.bin?meta4',
    [['If-Match', '{etag}']],
    metalink('mega.bin', '/mega.bin'),
  ),
  one('a Metalink not modified', '/mega.bin?meta4', [['If-None-Match', '{etag}']], notModified),

  one('a 200 announces both', '/mega.bin', [], { ...whole('mega.bin'), headers: { link: announced('/mega.bin') } }),
  one('a public query that changes nothing is left out', '/mega.bin?a=b&c', [], {
    status: 200,
    headers: { link: announced('/mega.bin') },
  }),
  one('download is kept', '/mega.bin?download&c', [], {
    status: 200,
    headers: { link: announced('/mega.bin', 'download&') },
  }),
  one('the path is kept as it was sent', '/%6Dega.bin', [], {
    status: 200,
    headers: { link: announced('/%6Dega.bin') },
  }),
  one('a 206 announces both', '/mega.bin', [['Range', 'bytes=0-9']], {
    status: 206,
    headers: { link: announced('/mega.bin') },
  }),
  {
    ...one('HEAD announces both', '/mega.bin', [], { status: 200, headers: { link: announced('/mega.bin') } }),
    method: 'HEAD',
  },
  one('a 304 announces nothing', '/mega.bin', [['If-None-Match', '{etag}']], {
    ...notModified,
    headers: { ...notModified.headers, link: null },
  }),
  one('a 412 announces nothing', '/mega.bin', [['If-Match', '"x"']], { status: 412, headers: { link: null } }),
  one('a 416 announces nothing', '/mega.bin', [['Range', 'bytes=9999999-']], { status: 416, headers: { link: null } }),

  ...['/.rangeway/pieces/x', '/.rangeway', '/a/.rangeway/b', '/%2Erangeway/pieces/x', '/.rangeway%2Fpieces/x'].map(
    (target) => one(`no object is served at ${target}`, target, [], problem(404)),
  ),
];
