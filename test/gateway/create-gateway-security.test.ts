import { describe, expect, test } from 'vitest';
import { anyOf, basicAccess, refererAccess, signedAccess } from '../../src/access/index.ts';
import { jwtAccess } from '../../src/access/jwt.ts';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { logObserver, printLogEntry } from '../../src/observe/log.ts';
import { strongTag } from '../../src/http/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { storeError } from '../../src/store/store-error.ts';
import { send, valuesOf } from '../conformance/wire.ts';
import { KEYS, link } from '../access/links.ts';
import { bodyOf, representation, storeDouble } from './store-double.ts';

const text = (value: string) => new TextEncoder().encode(value);
const soon = () => Math.floor(Date.now() / 1000) + 600;
const secret = 's'.repeat(40);

function open(options: Omit<GatewayOptions, 'observers'>) {
  const lines: string[] = [];
  return {
    gateway: createGateway({ observers: [logObserver((entry) => lines.push(printLogEntry(entry)))], ...options }),
    lines,
  };
}

describe('the challenge for a password or a token', () => {
  const tokens = jwtAccess({ key: { type: 'secret', secret }, issuer: 'https://issuer.example/', audience: 'files' });
  const passwords = basicAccess({ realm: 'releases', users: [{ name: 'amy', password: 'pass' }] });
  test.for([
    ['jwt', tokens, 'Bearer realm="files"'],
    ['basic', passwords, 'Basic realm="releases", charset="UTF-8"'],
    ['both', anyOf(tokens, passwords), 'Bearer realm="files", Basic realm="releases", charset="UTF-8"'],
  ] as const)('%s: 401 says what would do, the same for what there is and is not', async ([, access, challenge]) => {
    let reads = 0;
    const store = storeDouble({ read: () => (reads++, { type: 'missing' }) });
    const { gateway } = open({ store, access });
    for (const method of ['GET', 'HEAD']) {
      const response = await gateway.request('/a', { method, headers: { Origin: 'https://page.example' } });
      const headers = Object.fromEntries(response.headers);
      expect([response.status, headers]).toEqual([
        401,
        expect.objectContaining({
          'www-authenticate': challenge,
          'cache-control': 'no-store',
          'access-control-allow-origin': '*',
          'content-type': 'application/problem+json',
        }),
      ]);
    }
    expect(reads).toBe(0);
  });

  test('a right password gets a private response', async () => {
    const store = memoryStore();
    await store.put('a', text('a'));
    const { gateway } = open({ store, access: passwords });
    const response = await gateway.request('/a', { headers: { Authorization: `Basic ${btoa('amy:pass')}` } });
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'private, no-transform']);
  });
});

test('mounts that share a cache never share a block, even with the same key and tag', async () => {
  const of = (byte: number): ObjectStore => ({
    head: async () => ({ size: 200_000, etag: strongTag('same') }),
    read: async (_key, { range } = {}) => {
      const { start, end } = range?.form === 'bounded' ? range : { start: 0, end: 200_000 };
      const bytes = new Uint8Array(end - start).fill(byte);
      return {
        type: 'open',
        representation: { size: 200_000, etag: strongTag('same') },
        span: { start, end },
        body: bodyOf([bytes]),
      };
    },
  });
  const cache = memoryCache({ maxBytes: 10_000_000 });
  const blocks = { size: 65_536 };
  const gateway = createGateway({
    mounts: [
      { store: of(1), cache, blocks },
      { path: '/b', store: of(2), cache, blocks },
      { host: 'c.example', store: of(3), cache, blocks },
      { host: 'c.example', path: '/b', store: of(4), cache, blocks },
    ],
    observers: [{ end: () => undefined }],
  });
  const first = async (path: string, Host: string) => {
    const response = await gateway.request(path, { headers: { Host } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return [bytes.length, ...new Set(bytes), response.headers.get('Cache-Status') !== null];
  };
  for (let round = 0; round < 2; round++) {
    expect(await first('/k', 'x')).toEqual([200_000, 1, true]);
    expect(await first('/b/k', 'x')).toEqual([200_000, 2, true]);
    expect(await first('/k', 'c.example')).toEqual([200_000, 3, true]);
    expect(await first('/b/k', 'c.example')).toEqual([200_000, 4, true]);
  }
});

describe('no value splits a response', () => {
  const evil = [
    'a\r\nSet-Cookie: x=1',
    'a\nSet-Cookie: x=1',
    'a\rSet-Cookie: x=1',
    'a\0b',
    '"; filename=evil.exe; x="',
    'a\u2028b\u202egnp.exe',
    'ünï “quoted”',
    '../../etc/passwd',
    String.raw`..\..\evil.exe`,
    '\ud800',
  ];
  test.for(evil)('metadata %j', async (value) => {
    const store = memoryStore();
    await store.put('a', text('a'), {
      contentType: value,
      contentDisposition: value,
      contentEncoding: value,
      contentLanguage: value,
      cacheControl: value,
    });
    const server = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
    const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    const response = await send(origin, { method: 'GET', target: '/a', headers: [] });
    await server.stop(1_000);
    expect([response.status, valuesOf(response, 'set-cookie'), response.complete]).toEqual([200, [], true]);
  });

  test.for(evil)('the file name %j of a key, and of a link', async (name) => {
    const store = storeDouble({
      read: () => ({
        type: 'open',
        representation: representation(1),
        span: { start: 0, end: 1 },
        body: bodyOf([text('a')]),
      }),
    });
    const plainServer = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
    const origin = { host: '127.0.0.1', port: Number(new URL(plainServer.url).port) };
    const target = `/${encodeURIComponent(name.toWellFormed().replace(/[\0]/g, '').replaceAll('..', '_'))}?download`;
    const response = await send(origin, { method: 'GET', target, headers: [] });
    await plainServer.stop(1_000);
    const [disposition = '', ...more] = valuesOf(response, 'content-disposition');
    expect([response.status, valuesOf(response, 'set-cookie'), more]).toEqual([200, [], []]);
    // One quoted name, without a character that ends it or names another path.
    expect(disposition).toMatch(/^attachment; filename="[^"\\/\r\n]*"(?:; filename\*=UTF-8''[\w!#$&+.^`|~%-]+)?$/);
    expect(disposition).not.toMatch(/%0[ad]|%e2%80%(?:a8|ae)/i);

    const hasControl = /\p{Cc}/u.test(name) || !name.isWellFormed();
    const named = link('/a', { expires: soon(), fileName: name });
    if (hasControl) {
      await expect(named).rejects.toThrow(RangeError);
      return;
    }
    const { gateway } = open({ store, access: signedAccess(KEYS) });
    const opened = await gateway.request(await named);
    expect([opened.status, opened.headers.get('Content-Disposition')]).toEqual([
      200,
      expect.stringMatching(/^attachment; filename="[^"\\/\r\n]*"(?:; filename\*=UTF-8''[\w!#$&+.^`|~%-]+)?$/),
    ]);
  });
});

describe('secrets do not leak', () => {
  test('no link, token, password or cookie is in a log line, a problem response, or a request to the storage', async () => {
    const failing: ObjectStore = {
      async head() {
        throw storeError('unavailable', 'the storage is away');
      },
      async read(...asked) {
        questions.push(JSON.stringify(asked));
        throw storeError('unavailable', 'the storage is away');
      },
    };
    const questions: string[] = [];
    const access = anyOf(
      signedAccess(KEYS),
      basicAccess({ users: [{ name: 'amy', password: 'PASSWORD' }] }),
      jwtAccess({ key: { type: 'secret', secret }, issuer: 'i', audience: 'a' }),
      refererAccess({ origins: ['https://page.example'], missing: 'refuse' }),
    );
    const { gateway, lines } = open({ store: failing, access });
    const good = await link('/a', { expires: soon() });
    const requests: readonly (readonly [path: string, headers: Record<string, string>])[] = [
      [good, {}],
      [good.replace('/a', '/b'), {}],
      [good.replace('rgw-exp=', 'rgw-exp=1'), {}],
      ['/a?token=TOKEN-IN-QUERY', { Authorization: 'Bearer TOKEN.TOKEN.TOKEN' }],
      ['/a', { Authorization: `Basic ${btoa('amy:PASSWORD')}`, Cookie: 'session=COOKIE' }],
      ['/a', { Authorization: `Basic ${btoa('amy:WRONG')}` }],
      ['/a', { Referer: 'https://page.example/?REFERER' }],
    ];
    const said: string[] = [];
    for (const [path, headers] of requests) {
      const response = await gateway.request(path, { headers });
      said.push(await response.text(), JSON.stringify([...response.headers]));
    }
    expect(lines.length).toBe(requests.length);
    expect(questions.length).toBeGreaterThan(0);
    const all = [...lines, ...said, ...questions].join('\n');
    const signature = good.slice(-43);
    for (const word of [
      signature,
      'rgw-',
      'TOKEN',
      'PASSWORD',
      'WRONG',
      'COOKIE',
      'REFERER',
      btoa('amy:PASSWORD'),
      secret,
    ]) {
      expect(all).not.toContain(word);
    }
    expect(questions.join('')).not.toMatch(/authorization/i);
  });
});

describe('redirects', () => {
  test.for([
    '//evil.example/a',
    '/\\evil.example/a',
    '/http://evil.example/a',
    '/a/?next=https://evil.example',
    '/a?url=//evil.example&download',
  ])('%s redirects only to the presigned link of the storage', async (target) => {
    const seen: string[] = [];
    const store = storeDouble({
      read: () => ({
        type: 'open',
        representation: representation(9),
        span: { start: 0, end: 9 },
        body: bodyOf([new Uint8Array(9)]),
      }),
    });
    const overflow = {
      limit: 1,
      policy: 'redirect',
      link: async ({ key }: { readonly key: string }) => {
        seen.push(key);
        return 'https://storage.example/signed';
      },
    } as const;
    const { gateway } = open({ store, overflow });
    const server = await serve(gateway, { port: 0 });
    const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    const response = await send(origin, { method: 'GET', target, headers: [['Host', 'evil.example']] });
    await server.stop(1_000);
    expect([response.status, valuesOf(response, 'location'), valuesOf(response, 'cache-control')]).toEqual([
      307,
      ['https://storage.example/signed'],
      ['private, no-store'],
    ]);
    expect(seen).toHaveLength(1);
  });
});
