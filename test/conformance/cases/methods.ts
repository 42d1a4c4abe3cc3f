import type { Case, HeaderLine } from '../case.ts';
import { listing, problem, whole } from '../expected.ts';

const none: readonly HeaderLine[] = [['Content-Length', '0']];

/** §15.5.6. A server may not know a method at all: then its parser may refuse it first. */
const refused = (method: string, target = '/digits.txt', headers: readonly HeaderLine[] = none, why = ''): Case => ({
  name: `${method} ${target}${why} is not allowed`,
  rule: '§15.5.6',
  method,
  target,
  headers,
  expect: problem(405),
});

const unknown = (method: string, name: string): Case => ({
  ...refused(method),
  name,
  rule: '§9.1',
  refusedByParser: [400, 501],
});

const options = (name: string, target: string): Case => ({
  name: `OPTIONS ${name}`,
  rule: '§9.3.7',
  method: 'OPTIONS',
  target,
  expect: {
    status: 204,
    headers: { allow: listing('GET', 'HEAD', 'OPTIONS') },
    body: { type: 'empty' },
  },
});

/** A GET with a field that must change nothing. */
const unmoved = (name: string, rule: string, ...headers: readonly HeaderLine[]): Case => ({
  name: `GET is not changed by ${name}`,
  rule,
  target: '/digits.txt',
  headers,
  expect: whole('digits.txt'),
});

export const methodCases: readonly Case[] = [
  refused('POST'),
  refused('PUT'),
  refused('DELETE'),
  refused('PATCH'),
  refused('PROPFIND'),
  { ...refused('TRACE', '/digits.txt', []), refusedByParser: [400, 501] },
  refused('POST', '/'),
  refused('POST', '/missing.txt'),
  refused('DELETE', '/missing.txt'),
  refused('PUT', '/deep/er/'),
  refused('POST', '/digits.txt?download'),
  refused('POST', '/digits.txt', [...none, ['Range', 'bytes=0-1']], ' with a Range'),
  refused('POST', '/digits.txt', [...none, ['If-None-Match', '*']], ' with If-None-Match'),
  // §13.2.1: preconditions count only where the plain answer would be 2xx or 412.
  refused('PUT', '/digits.txt', [...none, ['If-Match', '"other"']], ' with a false If-Match'),
  refused('DELETE', '/digits.txt', [...none, ['If-Match', '{etag}']], ' with a true If-Match'),
  unknown('BREW', 'a method that nobody knows'),
  unknown('get', 'method names are case-sensitive: get is not GET'),

  options('of an object', '/digits.txt'),
  options('of a missing object', '/missing.txt'),
  options('of the root', '/'),

  unmoved('a method override', '§9.1', ['X-HTTP-Method-Override', 'DELETE']),
  unmoved('an Accept that excludes its type', '§12.4.1', ['Accept', 'application/json']),
  unmoved('an Accept of nothing', '§12.4.1', ['Accept', '*/*;q=0']),
  unmoved('an Accept-Encoding', '§12.5.3', ['Accept-Encoding', 'gzip, br, zstd']),
  unmoved('an Accept-Encoding without identity', '§12.5.3', ['Accept-Encoding', 'gzip, identity;q=0']),
  unmoved('an Accept-Charset', '§12.5.2', ['Accept-Charset', 'utf-16']),
  unmoved('content of no length', '§9.3.1', ['Content-Length', '0']),
  unmoved('Cache-Control: no-cache', 'RFC 9111 §5.2.1', ['Cache-Control', 'no-cache'], ['Pragma', 'no-cache']),
  unmoved('a Content-Range of its own', '§14.5', ['Content-Range', 'bytes 0-1/10']),
  unmoved('a Request-Range of Netscape days', '§14.2', ['Request-Range', 'bytes=0-1']),
  unmoved('another Host', '§7.2', ['Host', 'downloads.example']),
  unmoved('forwarding fields', 'RFC 7239', ['X-Forwarded-Proto', 'https'], ['X-Original-URL', '/kilo.bin']),
];
