import type { Case, Expect, HeaderLine } from '../case.ts';
import {
  listing,
  multipart,
  notModified,
  part,
  preconditionFailed,
  problem,
  unsatisfiable,
  whole,
} from '../expected.ts';

const exposed = listing(
  'ETag',
  'Content-Range',
  'Content-Length',
  'Accept-Ranges',
  'Content-Disposition',
  'Repr-Digest',
);

const origin: HeaderLine = ['Origin', 'https://viewer.example'];

/** The fields that a page of any origin needs to read a response, with any status. */
const readable = (expect: Expect): Expect => ({
  ...expect,
  headers: {
    ...expect.headers,
    'access-control-allow-credentials': null,
    'access-control-allow-origin': '*',
    'access-control-expose-headers': exposed,
  },
});

type Asked = Pick<Case, 'method' | 'target' | 'headers' | 'expect'> & { readonly what: string };

const asked: readonly Asked[] = [
  { what: 'a 200', target: '/digits.txt', expect: whole('digits.txt') },
  {
    what: 'a 206',
    target: '/digits.txt',
    headers: [['Range', 'bytes=2-4']],
    expect: part('digits.txt', 2, 5),
  },
  {
    what: 'a 206 of two parts',
    target: '/digits.txt',
    headers: [['Range', 'bytes=0-1,5-6']],
    expect: multipart('digits.txt', [
      [0, 2],
      [5, 7],
    ]),
  },
  {
    what: 'a 304',
    target: '/digits.txt',
    headers: [['If-None-Match', '{etag}']],
    expect: notModified,
  },
  { what: 'a 400', target: '/%zz', expect: problem(400) },
  { what: 'a 404', target: '/missing.txt', expect: problem(404) },
  {
    what: 'a 405',
    method: 'POST',
    target: '/digits.txt',
    headers: [['Content-Length', '0']],
    expect: problem(405),
  },
  {
    what: 'a 412',
    target: '/digits.txt',
    headers: [['If-Match', '"other"']],
    expect: preconditionFailed,
  },
  {
    what: 'a 416',
    target: '/digits.txt',
    headers: [['Range', 'bytes=10-']],
    expect: unsatisfiable('digits.txt'),
  },
  {
    what: 'the answer to a HEAD',
    method: 'HEAD',
    target: '/digits.txt',
    expect: { status: 200, body: { type: 'empty' } },
  },
];

const rule = 'Fetch §3.3';

const withOrigin = ({ what, headers = [], expect, ...request }: Asked): Case => ({
  ...request,
  name: `CORS: ${what} can be read by any origin`,
  rule,
  headers: [...headers, origin],
  expect: readable(expect),
});

/** A cache may keep the answer to a request without Origin and give it to one with. */
const withoutOrigin = ({ what, expect, ...request }: Asked): Case => ({
  ...request,
  name: `CORS: ${what} says so to requests without Origin too`,
  rule,
  expect: readable(expect),
});

const preflight = (name: string, headers: readonly HeaderLine[], target = '/digits.txt'): Case => ({
  name: `CORS: preflight ${name}`,
  rule: 'Fetch §4.8',
  method: 'OPTIONS',
  target,
  headers: [origin, ...headers],
  expect: {
    status: 204,
    headers: {
      'access-control-allow-headers': listing(
        'Range',
        'If-Range',
        'If-Match',
        'If-None-Match',
        'If-Modified-Since',
        'If-Unmodified-Since',
      ),
      'access-control-allow-methods': listing('GET', 'HEAD'),
      'access-control-allow-origin': '*',
      'access-control-max-age': /^[1-9][0-9]*$/u,
    },
    body: { type: 'empty' },
  },
});

const get: HeaderLine = ['Access-Control-Request-Method', 'GET'];

const writing = preflight('for PUT does not allow PUT', [['Access-Control-Request-Method', 'PUT']]);

export const corsCases: readonly Case[] = [
  ...asked.map(withOrigin),
  ...asked.map(withoutOrigin),
  {
    name: 'CORS: the origin null',
    rule,
    target: '/digits.txt',
    headers: [['Origin', 'null']],
    expect: readable(whole('digits.txt')),
  },
  preflight('for GET', [get]),
  preflight('for HEAD', [['Access-Control-Request-Method', 'HEAD']]),
  preflight('for a suffix range', [get, ['Access-Control-Request-Headers', 'range']]),
  preflight('for If-Range and If-Match', [get, ['Access-Control-Request-Headers', 'if-match,if-range,range']]),
  preflight('of a missing object', [get], '/missing.txt'),
  preflight('of an encoded name', [get], '/with%20space.txt'),
  {
    ...writing,
    expect: {
      ...writing.expect,
      headers: { 'access-control-allow-methods': /^(?!.*(?:PUT|POST|DELETE|PATCH))/iu },
    },
  },
  {
    name: 'CORS: OPTIONS with an Origin and no Access-Control-Request-Method is a plain one',
    rule: '§9.3.7',
    method: 'OPTIONS',
    target: '/digits.txt',
    headers: [origin],
    expect: { status: 204, headers: { allow: listing('GET', 'HEAD', 'OPTIONS') } },
  },
];
