import { afterAll, describe, expect, test } from 'vitest';
import { publicAccess, refererAccess } from '../../src/access/index.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { parseConfig } from '../../src/config/config.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { send, valuesOf } from '../conformance/wire.ts';

const store = memoryStore();
await store.put('a', new TextEncoder().encode('0123456789'));

const POLICY = "sandbox; default-src 'none'";
const headers = { 'Cross-Origin-Resource-Policy': 'same-origin', 'Content-Security-Policy': POLICY };
const gateway = createGateway({
  mounts: [
    { store, headers, cors: { origins: ['https://page.example'] } },
    { path: '/plain', store },
    { path: '/asked', store, headers, access: refererAccess({ origins: [], missing: 'refuse' }) },
    {
      path: '/large',
      store,
      headers,
      overflow: { limit: 1, policy: 'redirect', link: async () => 'https://s3.example/' },
    },
  ],
  observers: [{ end: () => undefined }],
});
const server = await serve(gateway, { port: 0 });
const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
afterAll(() => server.stop(0));

describe('headers are added to responses with bytes, and to a 304', () => {
  test.for<
    readonly [
      method: string,
      target: string,
      fields: readonly (readonly [string, string])[],
      status: number,
      isAdded: boolean,
    ]
  >([
    ['GET', '/a', [], 200, true],
    ['HEAD', '/a', [], 200, true],
    ['GET', '/a', [['Range', 'bytes=1-2']], 206, true],
    ['GET', '/a', [['Range', 'bytes=1-2,5-6']], 206, true],
    ['GET', '/a', [['If-None-Match', '*']], 304, true],
    ['HEAD', '/a', [['If-None-Match', '*']], 304, true],
    ['GET', '/plain/a', [], 200, false],
    ['GET', '/a', [['If-Match', '"x"']], 412, false],
    ['GET', '/a', [['Range', 'bytes=10-']], 416, false],
    ['GET', '/missing', [], 404, false],
    ['GET', '/%ff', [], 400, false],
    ['GET', '/asked/a', [], 403, false],
    ['GET', '/large/a', [], 307, false],
    ['POST', '/a', [['Content-Length', '0']], 405, false],
    ['OPTIONS', '/a', [], 204, false],
  ])('%s %s with %j: %i', async ([method, target, fields, status, isAdded]) => {
    const response = await send(origin, { method, target, headers: [['Host', 'x'], ...fields] });
    expect(response.status).toBe(status);
    expect(valuesOf(response, 'cross-origin-resource-policy')).toEqual(isAdded ? ['same-origin'] : []);
    expect(valuesOf(response, 'content-security-policy')).toEqual(isAdded ? [POLICY] : []);
    expect(valuesOf(response, 'x-content-type-options').length).toBeLessThanOrEqual(1);
  });
});

const make = (value: unknown) => () => createGateway({ store, ...JSON.parse(JSON.stringify({ headers: value })) });

describe('a field that another setting controls is refused, with the name of that setting', () => {
  test.for<readonly [name: string, message: string]>([
    ['Cache-Control', 'takes no Cache-Control, which the setting cacheControl decides'],
    ['CDN-Cache-Control', 'cdnCacheControl'],
    ['Cache-Tag', 'cacheTags'],
    ['Cloudflare-CDN-Cache-Control', 'cacheControl'],
    ['Surrogate-Control', 'cacheControl'],
    ['Expires', 'cacheControl'],
    ['Content-Disposition', 'the setting disposition'],
    ['Access-Control-Allow-Origin', 'cors.origins'],
    ['access-control-allow-headers', 'cors.headers'],
    ['Access-Control-Allow-Credentials', 'cors.origins'],
    ['VARY', 'cors.origins'],
    ...[
      'ETag',
      'etag',
      'Last-Modified',
      'Date',
      'Age',
      'Accept-Ranges',
      'Content-Type',
      'Content-Length',
      'Content-Range',
      'Content-Encoding',
      'Content-Language',
      'Content-Location',
      'Content-Digest',
      'Content-MD5',
      'Content-Security-Policy-X',
      'Digest',
      'Repr-Digest',
      'Cache-Status',
      'Set-Cookie',
      'Location',
      'Allow',
      'Retry-After',
      'WWW-Authenticate',
      'X-Request-Id',
      'X-Content-Type-Options',
      'Connection',
      'Keep-Alive',
      'Transfer-Encoding',
      'Trailer',
      'Upgrade',
      'Proxy-Authenticate',
    ].map((name) => [name, `takes no ${name}, which the gateway decides for each answer`] as const),
  ])('%s', ([name, message]) => {
    for (const run of [make({ [name]: 'x' }), () => parseConfig({ mounts: [{ headers: { [name]: 'x' } }] })]) {
      expect(run).toThrow(
        expect.objectContaining({ name: 'SettingsError', message: expect.stringContaining(message) }),
      );
    }
  });
});

describe('a field that can not be sent is refused', () => {
  const many = (count: number, length: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, 'v'.repeat(length)]));
  test.for<readonly [headers: unknown, message: RegExp]>([
    [{ 'X A': 'x' }, /takes names of letters, digits and "-"/],
    [{ '': 'x' }, /takes names of/],
    [{ 'X:A': 'x' }, /takes names of/],
    [{ 'X-A': 'a\r\nSet-Cookie: b=1' }, /takes for X-A a text of printable ASCII/],
    [{ 'X-A': 'a\u0000' }, /printable ASCII/],
    [{ 'X-A': 'ü' }, /printable ASCII/],
    [{ 'X-A': 'a\tb' }, /printable ASCII/],
    [{ 'X-A': ' a' }, /without spaces at its ends/],
    [{ 'X-A': '' }, /printable ASCII/],
    [{ 'X-A': 5 }, /printable ASCII/],
    [{ 'X-A': ['a'] }, /printable ASCII/],
    [{ 'X-A': '1', 'x-a': '2' }, /takes each name once/],
    [many(17, 1), /takes 16 fields at the most/],
    [many(5, 1_000), /takes 4096 characters of names and values in all/],
    [['X-A'], /takes a table of names and values/],
    ['X-A: 1', /takes a table of names and values/],
  ])('%j', ([value, message]) => {
    expect(make(value)).toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
  });

  test('valid fields are accepted', () => {
    const value = {
      'Content-Security-Policy-Report-Only': "default-src 'self'",
      'Strict-Transport-Security': 'max-age=63072000',
      'Timing-Allow-Origin': '*',
      Link: '<https://example.com/>; rel="license"',
    };
    expect(make(value)).not.toThrow();
    expect(make(many(16, 200))).not.toThrow();
    expect(parseConfig({ headers: value, mounts: [{ path: '/a' }, { headers: {} }] }).mounts).toMatchObject([
      { headers: value },
      { headers: {} },
    ]);
  });
});

describe('cors.headers', () => {
  const preflight = { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' };
  test('adds to the fields that a preflight allows', async () => {
    const adding = createGateway({
      store,
      access: publicAccess(),
      cors: { headers: ['X-Requested-With', 'traceparent'] },
      observers: [{ end: () => undefined }],
    });
    const { headers: fields } = await adding.request('/a', { method: 'OPTIONS', headers: preflight });
    expect(fields.get('Access-Control-Allow-Headers')).toMatch(
      /^Authorization, Range, .*, Content-Type, X-Requested-With, traceparent$/,
    );
  });

  test.for([{ headers: ['*'] }, { headers: ['a b'] }, { headers: [''] }, { headers: ['a\r\nb'] }, { headers: 'a' }])(
    '%j is refused',
    (cors) => {
      expect(() => parseConfig({ cors })).toThrow(/cors\.headers.*: takes names of request fields/);
    },
  );
});
