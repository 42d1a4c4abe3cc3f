import { describe, expect, test } from 'vitest';
import { granted } from '../../src/access/access.ts';
import { hookAccess, signedAccess } from '../../src/access/index.ts';
import type { GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { checkConfig, parseConfig } from '../../src/platform/checked-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS } from '../access/links.ts';

const SETTINGS = {
  cacheControl: 'public, max-age=0',
  cdnCacheControl: 'max-age=86400, stale-while-revalidate=60',
  cacheTags: ['releases', 'all!'],
};

async function open(settings: Omit<GatewayOptions, 'store' | 'mounts'>, stored?: string) {
  const store = memoryStore();
  await store.put('a', new TextEncoder().encode('0123456789'), stored === undefined ? {} : { cacheControl: stored });
  return createGateway({ ...settings, store, observers: [] });
}

function cdnFields({ headers }: Response) {
  return ['CDN-Cache-Control', 'Cache-Tag'].map((name) => headers.get(name));
}

const SENT = ['max-age=86400, stale-while-revalidate=60, no-transform', 'releases,all!'];
const NONE = [null, null];

describe('fields for CDNs', () => {
  test('are in 200, 206 and 304, for GET and HEAD, and in no error', async () => {
    const gateway = await open(SETTINGS);
    const whole = await gateway.request('/a');
    const etag = whole.headers.get('ETag') ?? '';
    const part = await gateway.request('/a', { headers: { Range: 'bytes=1-2' } });
    const several = await gateway.request('/a', { headers: { Range: 'bytes=1-2,5-6' } });
    const unmodified = await gateway.request('/a', { headers: { 'If-None-Match': etag } });
    const head = await gateway.request('/a', { method: 'HEAD' });
    const answers = [whole, part, several, unmodified, head];
    expect(answers.map(({ status }) => status)).toEqual([200, 206, 206, 304, 200]);
    expect(answers.map(cdnFields)).toEqual(answers.map(() => SENT));
    const errors = [
      await gateway.request('/none'),
      await gateway.request('/a', { headers: { Range: 'bytes=99-' } }),
      await gateway.request('/a', { headers: { 'If-Match': '"x"' } }),
    ];
    expect(errors.map(cdnFields)).toEqual([NONE, NONE, NONE]);
  });

  test.each([
    ['no-cache, max-age=5', SENT],
    ['public', SENT],
    ['max-age=5, Private', NONE],
    ['NO-STORE', NONE],
    ['private="Set-Cookie"', NONE],
  ] as const)('with the stored Cache-Control %s: %j', async (stored, fields) => {
    expect(cdnFields(await (await open(SETTINGS, stored)).request('/a'))).toEqual(fields);
  });

  test('are absent by default', async () => {
    expect(cdnFields(await (await open({ cacheControl: 'public, max-age=5' })).request('/a'))).toEqual(NONE);
  });

  test('are not inherited by a mount with a rule, and its own are refused', async () => {
    const store = memoryStore();
    await store.put('a', new TextEncoder().encode('0123456789'));
    const unguarded = { path: '/open', store };
    const guarded = { path: '/guarded', store, access: hookAccess(() => true) };
    const gateway = createGateway({ ...SETTINGS, mounts: [unguarded, guarded], observers: [] });
    expect(cdnFields(await gateway.request('/open/a'))).toEqual(SENT);
    expect(cdnFields(await gateway.request('/guarded/a'))).toEqual(NONE);
    const message = /mounts\.1\.cacheTags: has no effect, since responses behind the access rule are private/;
    const own = { ...guarded, cacheTags: ['x'] };
    expect(() => createGateway({ mounts: [unguarded, own], observers: [] })).toThrow(message);
    expect(() => createGateway({ ...SETTINGS, store, access: signedAccess(KEYS) })).toThrow(/^cdnCacheControl: has no/);
  });

  test('are not in a private response, though the rule is one that grants some of them to all', async () => {
    const store = memoryStore();
    await store.put('a', new TextEncoder().encode('0123456789'));
    const access = async () => granted({ isPrivate: true });
    const mounts = [
      { path: '/a', store },
      { path: '/b', store, access },
    ];
    const gateway = createGateway({ ...SETTINGS, mounts, observers: [] });
    expect(cdnFields(await gateway.request('/b/a'))).toEqual(NONE);
  });

  test('in a configuration have the same rules', () => {
    const access = { type: 'signed' } as const;
    const { mounts } = parseConfig({ ...SETTINGS, mounts: [{}, { path: '/b', access }] });
    expect(mounts.map(({ cdnCacheControl, cacheTags }) => [cdnCacheControl, cacheTags])).toEqual([
      [SETTINGS.cdnCacheControl, SETTINGS.cacheTags],
      [undefined, undefined],
    ]);
    expect(() => checkConfig(parseConfig({ ...SETTINGS, mounts: [{}, { path: '/b', access }] }))).not.toThrow();
    for (const config of [
      { ...SETTINGS, access },
      { mounts: [{}, { path: '/b', access, cdnCacheControl: 'max-age=1' }] },
    ])
      expect(() => checkConfig(parseConfig(config))).toThrow(/cdnCacheControl: has no effect/);
  });

  test.each(['max-age=1', 'max-age=60, must-revalidate', 'a, b=?1,c="x y", *d=tok/en', 'no-store'])(
    'cdnCacheControl takes %s',
    (cdnCacheControl) => expect(parseConfig({ cdnCacheControl }).mounts[0]).toMatchObject({ cdnCacheControl }),
  );

  test.each(['', 'Max-Age=1', 'max-age=', 'max-age=1,', 'max-age = 1', 'max-age=1; x', 'a="', 'a\r\nb', 'ü'])(
    'cdnCacheControl does not take %j',
    (cdnCacheControl) =>
      expect(() => parseConfig({ cdnCacheControl })).toThrow(/cdnCacheControl: takes the value of a CDN-Cache-Control/),
  );

  test.each([[[]], [['']], [['a b']], [['a,b']], [['ü']], [['x'.repeat(129)]], ['x'], [Array<string>(31).fill('x')]])(
    'cacheTags do not take %j',
    (cacheTags) => expect(() => parseConfig({ cacheTags })).toThrow(/cacheTags(?:\.0)?: takes/),
  );
});
