import { describe, expect, test } from 'vitest';
import {
  checkCache,
  checkExpiry,
  checkExposedFields,
  checkFileName,
  checkHead,
  checkPreflight,
  checkRedirects,
} from '../../../src/cli/check/delivery-checks.ts';
import { evidenceOf, printFinding, type Reply } from './evidence-of.ts';

const HOME = 'https://files.example.com/a.bin';

describe('redirects', () => {
  const redirects = (from: string, ...targets: readonly string[]) =>
    targets.map((to, i) => ({ status: 302, from: new URL(targets[i - 1] ?? from), to: new URL(to) }));

  test.for([
    [[], [], 'ok none'],
    [['https://files.example.com/b'], ['https://files.example.com/b'], 'ok 302 on the same origin'],
    [['https://cdn.example/b?sig=secret'], ['https://cdn.example/b'], 'warning 302 to https://cdn.example'],
    [
      ['https://a.example/', 'https://b.example/'],
      ['https://a.example/', 'https://b.example/'],
      'warning 302, 302 to https://b.example',
    ],
    [['http://files.example.com/a.bin'], ['http://files.example.com/a.bin'], 'fault 302 to http://files.example.com'],
    [['https://cdn.example/b'], [], 'warning 302 to https://cdn.example; for a range 0'],
  ] as const)('%o, for a range %o', ([whole, range, seen]) => {
    const reply = (targets: readonly string[]): Reply => ({
      redirects: redirects(HOME, ...targets),
      address: targets.at(-1) ?? HOME,
    });
    expect(printFinding(checkRedirects(evidenceOf({ first: reply(whole), range: reply(range) })))).toBe(seen);
  });
});

describe('head', () => {
  const same = { etag: '"v1"', 'last-modified': 'Sun, 01 Nov 2026 10:00:00 GMT', 'content-length': '10' };
  test.for([
    [{ fields: same }, 'ok equal to GET'],
    [{ fields: { ...same, date: 'x', 'x-request-id': 'y' } }, 'ok equal to GET'],
    [{ fields: { ...same, 'content-length': '11' } }, 'fault another Content-Length than GET'],
    [{ fields: { ...same, etag: 'W/"v1"' } }, 'fault another ETag than GET'],
    [{ fields: { ...same, 'content-length': undefined } }, 'warning another Content-Length than GET'],
    [{ fields: { ...same, 'content-type': 'text/html' } }, 'warning another Content-Type than GET'],
    [{ status: 403 }, 'warning 403'],
    [{ status: 405 }, 'warning 405'],
  ] as const)('%o', ([head, seen]) => {
    expect(printFinding(checkHead(evidenceOf({ head })))).toBe(seen);
  });
});

describe('preflight', () => {
  const allow = (headers: string | undefined, origin = '*') => ({
    'access-control-allow-origin': origin,
    'access-control-allow-headers': headers,
  });
  test.for([
    [{ status: 204, fields: allow('Range, If-Range, If-Match') }, 'ok Range, If-Range and If-Match'],
    [{ status: 200, fields: allow('*', 'https://page.example') }, 'ok Range, If-Range and If-Match'],
    [{ status: 204, fields: allow('range', 'https://page.example') }, 'warning without if-match, if-range'],
    [{ status: 204, fields: allow(undefined) }, 'warning without if-match, if-range, range'],
    [{ status: 204, fields: allow('*', 'https://other.example') }, 'warning 204, not allowed'],
    [{ status: 403, fields: allow('*') }, 'warning 403, not allowed'],
    [{ status: 301 }, 'warning 301'],
    [{ status: 200 }, 'warning 200, not allowed'],
  ] as const)('%o', ([preflight, seen]) => {
    expect(printFinding(checkPreflight(evidenceOf({ preflight })))).toBe(seen);
  });
});

test.for([
  [
    { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag, Content-Range' },
    'ok Content-Range and ETag',
  ],
  [{ 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' }, 'ok Content-Range and ETag'],
  [{ 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag' }, 'warning without content-range'],
  [{ 'access-control-allow-origin': '*' }, 'warning without content-range, etag'],
  [{ 'access-control-allow-origin': 'null' }, 'warning no Access-Control-Allow-Origin'],
  [{}, 'warning no Access-Control-Allow-Origin'],
] as const)('exposed fields: %o', ([fields, seen]) => {
  expect(printFinding(checkExposedFields(evidenceOf({ page: { status: 206, fields } })))).toBe(seen);
});

test.for([
  ['X-Cache: HIT', 'X-Cache: HIT', 'ok a hit from the first request on, X-Cache: HIT'],
  ['X-Cache: MISS', 'X-Cache: HIT', 'ok a hit, X-Cache: HIT'],
  ['X-Cache: MISS', 'X-Cache: MISS', 'warning no hit, X-Cache: MISS'],
  ['CF-Cache-Status: DYNAMIC', 'CF-Cache-Status: DYNAMIC', 'warning not cached, CF-Cache-Status: DYNAMIC'],
  ['X-Other: 1', 'X-Other: 1', 'warning no cache shows itself'],
] as const)('cache: %s, then %s', ([first, again, seen]) => {
  const fields = (text: string) =>
    Object.fromEntries([[text.split(': ')[0]?.toLowerCase() ?? '', text.split(': ')[1] ?? '']]);
  const evidence = evidenceOf({ first: { fields: fields(first) }, 'whole-again': { fields: fields(again) } });
  expect(printFinding(checkCache(evidence))).toBe(seen);
});

test('a response that is not cached tells the reason', () => {
  const fields = { 'x-cache': 'MISS', 'cache-control': 'private' };
  expect(checkCache(evidenceOf({ 'whole-again': { fields } })).means).toMatch(/; Cache-Control: private$/);
});

describe('expiry of the link', () => {
  const end = (seconds: number) =>
    `${HOME}?Expires=${Date.parse('2026-11-29T12:00:00Z') / 1000 + seconds}&Signature=abc`;
  test.for([
    [HOME, 'ok none in the address'],
    [end(30), 'warning 30 s left, until 2026-11-29T12:00:30Z'],
    [end(60 * 59), 'warning 59 min left, until 2026-11-29T12:59:00Z'],
    [end(3600 * 5 + 180), 'ok 5 h 3 min left, until 2026-11-29T17:03:00Z'],
    [end(86_400 * 6 + 7200), 'ok 6 days left, until 2026-12-05T14:00:00Z'],
    [end(-60), 'warning since 2026-11-29T11:59:00Z'],
  ] as const)('%s', ([address, seen]) => {
    expect(printFinding(checkExpiry(evidenceOf({}, address)))).toBe(seen);
  });

  test("is counted by the server's clock", () => {
    const evidence = evidenceOf({ first: { fields: { date: 'Sun, 29 Nov 2026 11:00:00 GMT' } } }, end(60));
    expect(printFinding(checkExpiry(evidence))).toBe('ok 1 h 1 min left, until 2026-11-29T12:01:00Z');
  });

  test("of a redirect's target limits nothing", () => {
    const redirect = { status: 302, from: new URL(HOME), to: new URL(end(30)) };
    const evidence = evidenceOf({ first: { redirects: [redirect], address: end(30) } });
    expect(printFinding(checkExpiry(evidence))).toMatch(/^ok of the redirect's target: 30 s left/);
  });
});

test.for([
  [undefined, HOME, 'ok no Content-Disposition'],
  [undefined, 'https://files.example.com/', 'warning no Content-Disposition, and no name in the address'],
  ['attachment; filename="a.bin"', HOME, 'ok attachment; filename="a.bin"'],
  ['inline', HOME, 'ok inline'],
  ['attachment; filename="\xc3\xa4.bin"', HOME, 'warning Content-Disposition with a name that is not ASCII'],
  [
    'attachment; filename="\xe4.bin"; filename*=UTF-8\'\'%C3%A4.bin',
    HOME,
    'ok attachment; filename="?.bin"; filename*=UTF-8\'\'%C3%A4.bin',
  ],
  ['"a.bin"', HOME, 'warning Content-Disposition that is malformed'],
] as const)('file name: %s', ([value, address, seen]) => {
  const evidence = evidenceOf({ first: { fields: { 'content-disposition': value } } }, address);
  expect(printFinding(checkFileName(evidence))).toBe(seen);
});
