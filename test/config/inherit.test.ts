import { describe, expect, test } from 'vitest';
import { hookAccess, publicAccess, signedAccess, type AccessRule } from '../../src/access/index.ts';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { parseConfig, type ConfigInput } from '../../src/config/config.ts';
import { createGateway, type MountsOptions } from '../../src/gateway/create-gateway.ts';
import { openNodeConfig } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS } from '../access/links.ts';

const store = memoryStore();
await store.put('a', new TextEncoder().encode('0123456789'));
await store.put('index.html', new TextEncoder().encode('index'));
await store.put('a/index.html', new TextEncoder().encode('index of a'));

const open = (options: MountsOptions) => createGateway({ observers: [{ end: () => undefined }], ...options });

const two = [{ store }, { path: '/b', store }] as const;

describe('a setting beside the mounts is the default of each mount', () => {
  test.for<readonly [name: string, access: AccessRule]>([
    ['a hook', hookAccess(() => false)],
    ['signed links', signedAccess(KEYS)],
  ])('access: %s guards all mounts', async ([, access]) => {
    const gateway = open({ access, mounts: two });
    for (const path of ['/a', '/b/a', '/missing']) expect((await gateway.request(path)).status).toBe(403);
  });

  test('access: the setting of a mount takes precedence, and undefined inherits', async () => {
    const gateway = open({
      access: hookAccess(() => false),
      mounts: [
        { store, access: undefined },
        { path: '/open', store, access: publicAccess() },
        { path: '/own', store, access: hookAccess(({ path }) => path === '/own/a') },
      ],
    });
    const status = async (path: string) => (await gateway.request(path)).status;
    expect([await status('/a'), await status('/open/a'), await status('/own/a'), await status('/own/b')]).toEqual([
      403, 200, 200, 403,
    ]);
  });

  test('cache: inherited, or none for a mount', async () => {
    const gateway = open({
      cache: memoryCache({ maxBytes: 1_000_000 }),
      mounts: [...two, { path: '/not', store, cache: false }],
    });
    const isCached = async (path: string) => (await gateway.request(path)).headers.has('Cache-Status');
    expect([await isCached('/a'), await isCached('/b/a'), await isCached('/not/a')]).toEqual([true, true, false]);
    const one = open({
      cache: false,
      mounts: [{ store }, { path: '/b', store, cache: memoryCache({ maxBytes: 1_000 }) }],
    });
    const has = async (path: string) => (await one.request(path)).headers.has('Cache-Status');
    expect([await has('/a'), await has('/b/a')]).toEqual([false, true]);
  });

  test('overflow: inherited, or that of the mount', async () => {
    const gateway = open({
      overflow: { limit: 3, policy: 'refuse' },
      mounts: [...two, { path: '/more', store, overflow: { limit: 30, policy: 'refuse' } }],
    });
    const status = async (path: string) => (await gateway.request(path)).status;
    expect([await status('/a'), await status('/b/a'), await status('/more/a')]).toEqual([501, 501, 200]);
  });

  test('other settings are inherited; a table is taken whole', async () => {
    const gateway = open({
      index: 'index.html',
      disposition: 'attachment',
      headRange: true,
      cors: { origins: ['https://page.example'] },
      headers: { 'Content-Security-Policy': 'sandbox' },
      ranges: { maxRanges: 1 },
      mounts: [{ store }, { path: '/b', store, disposition: 'inline', cors: {}, headers: {}, ranges: { maxReads: 5 } }],
    });
    const ask = async (path: string, init?: RequestInit) => {
      const { status, headers } = await gateway.request(path, init);
      const names = ['Content-Disposition', 'Access-Control-Allow-Origin', 'Content-Security-Policy'];
      return [status, ...names.map((name) => headers.get(name)?.split(';')[0] ?? null)];
    };
    expect(await ask('/')).toEqual([200, 'attachment', null, 'sandbox']);
    expect(await ask('/b/')).toEqual([200, 'inline', '*', null]);
    const several = { headers: { Range: 'bytes=0-1,4-5' } };
    expect([(await ask('/a', several))[0], (await ask('/b/a', several))[0]]).toEqual([200, 206]);
    const head = { method: 'HEAD', headers: { Range: 'bytes=0-1' } };
    expect([(await ask('/a', head))[0], (await ask('/b/a', head))[0]]).toEqual([206, 206]);
  });

  const cacheControl = 'public, max-age=60';
  const guarded = hookAccess(() => true);
  test.for<readonly [of: string, code: MountsOptions, config: ConfigInput, expected: readonly string[]]>([
    [
      'the guarded is private unless it says so itself',
      { cacheControl, mounts: [{ store }, { path: '/b', store, access: guarded }] },
      { cacheControl, mounts: [{}, { path: '/b', access: { type: 'signed' } }] },
      [cacheControl, 'private, max-age=60'],
    ],
    [
      'its own word counts',
      {
        cacheControl: 'public',
        access: guarded,
        mounts: [
          { store, cacheControl },
          { path: '/b', store },
        ],
      },
      { cacheControl: 'public', access: { type: 'signed' }, mounts: [{ cacheControl }, { path: '/b' }] },
      [cacheControl, 'private'],
    ],
    [
      'a rule from above guards as well, and public is no rule',
      {
        cacheControl,
        access: guarded,
        mounts: [
          { store, access: publicAccess() },
          { path: '/b', store },
        ],
      },
      { cacheControl, access: { type: 'signed' }, mounts: [{ access: 'public' }, { path: '/b' }] },
      [cacheControl, 'private, max-age=60'],
    ],
  ])('cacheControl is inherited in code as in a configuration: %s', async ([, code, config, expected]) => {
    const gateway = open(code);
    const sent = [];
    for (const path of ['/a', '/b/a']) sent.push((await gateway.request(path)).headers.get('Cache-Control'));
    expect(sent).toEqual(expected.map((value) => `${value}, no-transform`));
    expect(parseConfig(config).mounts.map((mount) => mount.cacheControl)).toEqual(expected);
  });
});

describe('a setting without effect beside the mounts is refused', () => {
  const mounts = two;
  test('by its type', () => {
    // @ts-expect-error -- of one mount alone
    expect(() => open({ mounts, store })).toThrow(/^store: has no effect beside mounts; each mount takes a store/);
    // @ts-expect-error -- of one mount alone
    expect(() => open({ mounts, path: '/a' })).toThrow(/^path: has no effect beside mounts/);
    // @ts-expect-error -- of one mount alone
    expect(() => open({ mounts, host: 'a.example' })).toThrow(/^host: has no effect beside mounts/);
    // @ts-expect-error -- of one mount alone
    expect(() => open({ mounts, prefix: 'a/' })).toThrow(/^prefix: has no effect beside mounts/);
    // @ts-expect-error -- no such field
    expect(() => open({ mounts, acess: publicAccess() })).toThrow(
      / {2}acess: no such field; did you mean access\? there are .*access/,
    );
  });

  test.for<readonly [above: object, message: RegExp]>([
    [{ fallback: store }, /fallback: no such field; there are/],
    [{ logs: () => undefined }, /logs: no such field/],
    [{ access: 'public' }, /access: takes a rule, such as signedAccess\(keys\)$/],
    [{ access: { type: 'signed' } }, /access: takes a rule/],
    [{ access: null }, /access: takes a rule/],
    [{ cache: true }, /cache: takes false, or a cache, .*, not true/],
    [{ cached: false }, /cached: no such field; use cache = false; there are/],
    [{ mounts: [{ store, cached: true }] }, /mounts\.0\.cached: no such field; use cache = false; there are/],
    // Invalid above although each mount has its own value, or valid without effect.
    [{ index: 'a/b', mounts: [{ store, index: 'i' }] }, / {2}index: takes a file name/],
    [{ index: 'a', mounts: [{ store, index: 'i' }] }, /^index: has no effect, since every mount says its own/],
    [{ mounts: [{ store, limits: {} }] }, /mounts\.0\.limits: no such field/],
    [{ mounts: [{}] }, /mounts\.0\.store: is missing; takes a store/],
    [{ mounts: 5 }, /mounts: takes a list of tables, not 5/],
    [{ mounts: undefined }, /store: is missing; takes a store/],
  ])('%j', ([above, message]) => {
    expect(() => open({ mounts, ...above })).toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
  });

  test('the mounts of a parsed configuration have all tables, so a table beside them in code is refused, not ignored', async () => {
    const opened = await openNodeConfig(parseConfig({}), store);
    expect(() => createGateway({ ...opened, cors: { origins: ['https://a.example'] } })).toThrow(
      /^cors: has no effect, since every mount says its own$/,
    );
    const guarded = createGateway({
      ...opened,
      access: hookAccess(() => false),
      observers: [{ end: () => undefined }],
    });
    expect((await guarded.request('/a')).status).toBe(403);
    expect(() => parseConfig({ index: 'a', mounts: [{ index: 'b' }, { path: '/b', index: 'c' }] })).toThrow(
      /^index: has no effect/,
    );
    expect(() => parseConfig({ index: 'a', mounts: [{ index: 'b' }, { path: '/b' }] })).not.toThrow();
  });

  test('undefined beside the mounts has no effect', async () => {
    const nothing = { store: undefined, path: undefined, host: undefined, prefix: undefined };
    expect((await open({ ...nothing, access: undefined, mounts }).request('/a')).status).toBe(200);
    expect(
      (await createGateway({ store, mounts: undefined, observers: [{ end: () => undefined }] }).request('/a')).status,
    ).toBe(200);
  });
});

describe('listingLimit', () => {
  test('is inherited by the mounts that list', () => {
    open({ listingLimit: 5_000, mounts: [{ store }, { path: '/b', store, listing: 'html' }] });
  });

  test('beside mounts of which none lists has no effect, and is refused', () => {
    const mounts = [{ store }, { path: '/b', store, listing: false }] as const;
    expect(() => open({ listingLimit: 10, mounts })).toThrow('listingLimit: has no effect, since no mount has listing');
  });

  test.each([
    ['alone', () => createGateway({ store, listingLimit: 10 }), 'listingLimit'],
    [
      'on a mount without listing',
      () => open({ listing: 'html', mounts: [{ store }, { path: '/b', store, listing: false, listingLimit: 10 }] }),
      'mounts.1.listingLimit',
    ],
  ])('%s has no effect, and is refused', (_name, create, field) => {
    expect(create).toThrow(`${field}: has no effect without listing`);
  });
});
