import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { hookAccess, refererAccess, signedAccess, type AccessRequest } from '../../src/access/index.ts';
import { createGateway, type MountsOptions } from '../../src/gateway/create-gateway.ts';
import type { LinkTarget } from '../../src/config/size-limit.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { withFallback } from '../../src/store/wrappers/with-fallback.ts';
import { storeError } from '../../src/store/store-error.ts';
import { KEYS, link } from '../access/links.ts';
import { storeDouble } from './store-double.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** A store in which the content of each object is the name of the store and the key. */
async function named(name: string, keys: readonly string[]) {
  const store = memoryStore();
  for (const key of keys) await store.put(key, text(`${name}:${key}`));
  return store;
}

const open = (mounts: MountsOptions['mounts']) => createGateway({ mounts, observers: [{ end: () => undefined }] });

async function read(gateway: Hono, path: string, headers: Record<string, string> = {}) {
  const response = await gateway.request(path, { headers });
  return response.ok ? response.text() : response.status;
}

describe('the mount of a request', async () => {
  const keys = ['a', 'b/a', 'releases/a', 'private/a', '', 'index.html', 'x/index.html'];
  const gateway = open([
    { store: await named('root', keys) },
    { path: '/releases', store: await named('releases', keys) },
    { path: '/releases/b/', store: await named('deep', keys) },
    { host: 'files.example', store: await named('host', keys), index: 'index.html' },
    { host: 'files.example', path: '/releases', store: await named('host releases', keys) },
    { host: '[::1]', path: '/six', store: await named('six', keys) },
  ]);
  test.for<readonly [path: string, host: string, body: string | number]>([
    ['/a', 'other.example', 'root:a'],
    ['/releases/a', 'other.example', 'releases:a'],
    ['/releases/b/a', 'other.example', 'deep:a'],
    ['/releases/ba', 'other.example', 404],
    ['/releases-2/a', 'other.example', 404],
    ['/releasesa', 'other.example', 404],
    ['/RELEASES/a', 'other.example', 404],
    ['/releases', 'other.example', 'releases:'],
    ['/a', 'files.example', 'host:a'],
    ['/a', 'FILES.example:8443', 'host:a'],
    ['/a', 'files.example.evil.example', 'root:a'],
    // A trailing dot marks an absolute name: it is the same host.
    ['/a', 'files.example.', 'host:a'],
    ['/a', 'FILES.example.:8443', 'host:a'],
    ['/a', 'files.example.:', 'host:a'],
    ['/a', 'files.example..', 'root:a'],
    ['/six/a', '[::1].', 'six:a'],
    ['/', 'files.example', 'host:index.html'],
    ['/x/', 'files.example', 'host:x/index.html'],
    ['/releases/a', 'files.example', 'host releases:a'],
    // The longest path takes precedence, then the host.
    ['/releases/b/a', 'files.example', 'deep:a'],
    ['/six/a', '[::1]:80', 'six:a'],
    ['/six/a', '::1', 404],
    // Several spellings of one path.
    ['/releases%2Fa', 'other.example', 'releases:a'],
    ['/%72eleases/a', 'other.example', 'releases:a'],
    ['/x/../releases/a', 'other.example', 'releases:a'],
    ['/x/%2e%2e/releases/a', 'other.example', 'releases:a'],
    ['/x%2f..%2freleases/a', 'other.example', 400],
    ['//releases/a', 'other.example', 404],
    ['/releases//a', 'other.example', 404],
    [String.raw`/releases\a`, 'other.example', 'releases:a'],
    ['/releases%5Ca', 'other.example', 404],
  ])('%s of %s is %s', async ([path, host, body]) => {
    // A string, because URL would already resolve dot segments.
    expect(await read(gateway, `http://gateway${path}`, { Host: host })).toBe(body);
  });

  test('without a matching mount, the response is 404, and no storage is read', async () => {
    const only = open([{ path: '/a', store: storeDouble({}) }]);
    const response = await only.request('/b');
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ detail: 'Nothing is served here.' }),
    ]);
  });
});

describe('a rule guards its mount', async () => {
  const store = await named('store', ['a', 'private/a', 'site/index.html']);
  const asked: AccessRequest[] = [];
  const rule = hookAccess((request) => {
    asked.push(request);
    return false;
  });
  const gateway = open([{ store }, { path: '/private', store, prefix: 'private/', access: rule }]);
  test.for([
    '/private/a',
    '/private',
    '/private/',
    '/private/missing',
    '/private%2Fa',
    '/%70rivate/a',
    '/./private/a',
    '/x/../private/a',
    '/private/b/../a',
  ])('%s is checked by the rule', async (path) => {
    const before = asked.length;
    expect([await read(gateway, `http://gateway${path}`), asked.length]).toEqual([403, before + 1]);
  });

  test('beside a mount over the same store, no other spelling of the path reads a guarded object', async () => {
    for (const path of [
      '//private/a',
      '/private%5Ca',
      '/Private/a',
      '/private%00/a',
      '/x%2f..%2fprivate/a',
      '/private;/a',
    ])
      expect([path, await read(gateway, `http://gateway${path}`)]).toEqual([path, expect.any(Number)]);
  });

  test('the rule checks the path that the key is made from, also in another app and with an index', async () => {
    const paths: string[] = [];
    const spy = hookAccess(({ path }) => paths.push(path) > 0);
    const app = new Hono().route(
      '/:tenant/files',
      createGateway({ store, access: spy, index: 'index.html', observers: [{ end: () => undefined }] }),
    );
    expect(await read(app, '/t%2Fu/files/site/?x=1')).toBe('store:site/index.html');
    expect(await read(app, '/t/files/%61')).toBe('store:a');
    expect(await read(app, '/%ff/files/a')).toBe('store:a');
    expect(paths).toEqual(['/t%2Fu/files/site/', '/t/files/%61', '/%ff/files/a']);
  });

  test('a signed link for a gateway in another app has the whole path', async () => {
    const app = new Hono().route(
      '/files',
      createGateway({ store, access: signedAccess(KEYS), observers: [{ end: () => undefined }] }),
    );
    expect(await read(app, await link('/files/a'))).toBe('store:a');
    expect(await read(app, (await link('/a')).replace('/a', '/files/a'))).toBe(403);
  });

  test('a preflight, a wrong method and a URL that is too long are handled before the rule', async () => {
    const before = asked.length;
    const preflight = await gateway.request('/private/a', {
      method: 'OPTIONS',
      headers: { Origin: 'https://page.example', 'Access-Control-Request-Method': 'GET' },
    });
    expect([preflight.status, preflight.headers.get('Access-Control-Allow-Headers')]).toEqual([
      204,
      expect.stringContaining('Authorization'),
    ]);
    expect((await gateway.request('/private/a', { method: 'DELETE' })).status).toBe(405);
    expect((await gateway.request(`/private/a?${'x'.repeat(20_000)}`)).status).toBe(414);
    expect((await gateway.request('/private/%ff')).status).toBe(400);
    expect(asked.length).toBe(before);
  });
});

describe('Cache-Control of a response behind a rule', async () => {
  const store = memoryStore();
  await store.put('plain', text('0123456789'));
  await store.put('shared', text('0123456789'), { cacheControl: 'public, max-age=60, s-maxage=600' });
  const access = refererAccess({ origins: ['https://page.example'], missing: 'allow' });
  const gateway = open([
    { store, access, cors: { origins: ['https://page.example'] } },
    { path: '/public', store, cacheControl: 'public, max-age=5' },
  ]);
  test.for<readonly [path: string, headers: Record<string, string>, status: number, cacheControl: string]>([
    ['/plain', {}, 200, 'private, no-transform'],
    ['/plain', { Range: 'bytes=0-1' }, 206, 'private, no-transform'],
    ['/plain', { Range: 'bytes=0-1,8-9' }, 206, 'private, no-transform'],
    ['/plain', { 'If-None-Match': '*' }, 304, 'private, no-transform'],
    ['/shared', {}, 200, 'private, max-age=60, no-transform'],
    ['/shared', { 'If-None-Match': '*' }, 304, 'private, max-age=60, no-transform'],
    ['/plain', { 'If-Match': '"x"' }, 412, 'no-store'],
    ['/plain', { Range: 'bytes=10-' }, 416, 'no-store'],
    ['/missing', {}, 404, 'no-store'],
    ['/plain', { Referer: 'https://other.example/' }, 403, 'no-store'],
    ['/public/plain', {}, 200, 'public, max-age=5, no-transform'],
  ])('%s with %o is %i and %s', async ([path, headers, status, cacheControl]) => {
    const response = await gateway.request(path, { headers: { ...headers, Origin: 'https://page.example' } });
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([status, cacheControl]);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(
      path.startsWith('/public') ? '*' : 'https://page.example',
    );
    expect(response.headers.get('Vary')).toBe(path.startsWith('/public') ? null : 'Origin');
  });
});

test('a redirect of a response over the size limit has the key with the prefix of its mount', async () => {
  const store = await named('store', ['large', 'releases/large']);
  const targets: LinkTarget[] = [];
  const overflow = {
    limit: 3,
    policy: 'redirect',
    link: async (target: LinkTarget) => {
      targets.push(target);
      return `https://storage.example/${target.key}`;
    },
  } as const;
  const gateway = open([
    { store, overflow },
    { path: '/r', store, prefix: 'releases/', overflow },
  ]);
  const locations = [];
  for (const path of ['/large', '/r/large']) locations.push((await gateway.request(path)).headers.get('Location'));
  expect(locations).toEqual(['https://storage.example/large', 'https://storage.example/releases/large']);
  expect(targets.map(({ key }) => key)).toEqual(['large', 'releases/large']);
});

test('the limit of the key length includes the prefix', async () => {
  const gateway = open([{ store: storeDouble({}), prefix: 'p'.repeat(100) }]);
  expect((await gateway.request(`/${'x'.repeat(924)}`)).status).toBe(404);
  expect((await gateway.request(`/${'x'.repeat(925)}`)).status).toBe(400);
});

test('a fallback is read below the same prefix if the store of the mount is unavailable', async () => {
  const away = storeDouble({
    read: () => {
      throw storeError('unavailable', 'away');
    },
  });
  const gateway = open([{ path: '/r', prefix: 'p/', store: withFallback(away, await named('replica', ['p/a'])) }]);
  expect(await read(gateway, '/r/a')).toBe('replica:p/a');
});

describe('invalid mounts are refused, with their index', () => {
  const store = memoryStore();
  test.for<readonly [MountsOptions['mounts'], RegExp]>([
    [[{ store }, { store }], /mounts\.1: is at \/, as mounts\.0 is; each takes a path or a host of its own/],
    [[{ store, path: '/a' }, { store }, { store, path: '/a/' }], /mounts\.2: is at \/a\/, as mounts\.0 is/],
    [[{ store }, { store, path: 'a' }], /mounts\.1\.path: takes a path such as "\/releases", .*, not "a"/],
    [[{ store, path: '/a/../b' }], /mounts\.0\.path: takes/],
    [[{ store, path: '/a b' }], /mounts\.0\.path: takes/],
    [[{ store, path: '/a%20b' }], /mounts\.0\.path: takes/],
    [[{ store, path: '//a' }], /mounts\.0\.path: takes/],
    [[{ store, host: 'Files.example' }], /mounts\.0\.host: takes a name in lower case without a port, .*, not "Files/],
    [[{ store, host: 'files.example:80' }], /mounts\.0\.host: takes/],
    [[{ store, host: 'files.example.' }], /mounts\.0\.host: takes a name .*, and no dot at its end/],
    [[{ store, host: '.' }], /mounts\.0\.host: takes/],
    [[], /mounts: takes a table at the least/],
    [JSON.parse('[null]'), /mounts\.0: takes a table of fields, not null/],
    [
      [{ store }, { store, path: '/a', ...JSON.parse('{"headRange":"yes"}') }],
      /mounts\.1\.headRange: takes true or false, not "yes"/,
    ],
  ])('%#', ([mounts, message]) => {
    expect(() => open(mounts)).toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
  });

  test('the same path on two hosts is two mounts', () => {
    expect(() => open([{ store }, { store, host: 'a.example' }, { store, host: 'b.example' }])).not.toThrow();
  });
});
