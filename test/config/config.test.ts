import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig, type ConfigInput } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { fsStore, openNodeConfig } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS_TEXT, link } from '../access/links.ts';

describe('defaults', () => {
  test('an empty configuration is one mount at the root', () => {
    expect(parseConfig({})).toMatchObject({
      logged: 'requests',
      trustedProxies: 0,
      cache: undefined,
      limits: { idleTimeout: 60_000 },
      mounts: [{ path: '/', access: 'public', headRange: false, ranges: { maxRanges: 1_000 } }],
    });
    // The allowed origins depend on the access rule, so parseConfig leaves them unset.
    expect(parseConfig({}).mounts[0]?.cors).toEqual({});
  });

  test('a setting comes from the mount, else from above the mounts, else from the defaults; a table is taken whole', () => {
    const { mounts } = parseConfig({
      index: 'index.html',
      headRange: true,
      ranges: { maxRanges: 5, maxReads: 6 },
      access: { type: 'signed' },
      mounts: [{}, { path: '/a', index: 'a.html', headRange: false, ranges: { maxRanges: 7 }, access: 'public' }],
    });
    expect(mounts).toMatchObject([
      {
        path: '/',
        index: 'index.html',
        headRange: true,
        ranges: { maxRanges: 5, maxReads: 6 },
        access: { type: 'signed', keys: 'RANGEWAY_KEYS' },
      },
      { path: '/a', index: 'a.html', headRange: false, ranges: { maxRanges: 7, maxReads: 256 }, access: 'public' },
    ]);
  });

  test('a Cache-Control above the mounts does not make a guarded mount public; that of a mount does', () => {
    const cacheControl = 'public, max-age=60';
    const access = { type: 'signed' } as const;
    const of = (config: ConfigInput) => parseConfig(config).mounts.map((mount) => mount.cacheControl);
    expect(of({ cacheControl, mounts: [{}, { path: '/a', access }, { path: '/b', access, cacheControl }] })).toEqual([
      cacheControl,
      'private, max-age=60',
      cacheControl,
    ]);
    expect(of({ cacheControl, access, mounts: [{}, { path: '/a', access: 'public' }] })).toEqual([
      'private, max-age=60',
      cacheControl,
    ]);
    expect(of({ cacheControl, access })).toEqual([cacheControl]);
  });
});

describe('an invalid setting is refused, with its name', () => {
  test.for<readonly [string, RegExp]>([
    ['{"mounts":[{},{"path":"a"}]}', /mounts\.1\.path: takes a path such as "\/releases", .*, not "a"/],
    ['{"mounts":[{"host":"A:1"}]}', /mounts\.0\.host: takes a name in lower case without a port, .*, not "A:1"/],
    ['{"mounts":[]}', /mounts: takes a table at the least, not \[\]/],
    ['{"mounts":{}}', /mounts: takes a list of tables, not \{\}/],
    ['{"mounts":[5]}', /mounts\.0: takes a table of fields, not 5/],
    [
      '{"mounts":[{"pth":"/a"}]}',
      /mounts\.0\.pth: no such field; did you mean path\? there are .*path, host, store, fallback, prefix/,
    ],
    ['{"mounts":[{"limits":{}}]}', /mounts\.0\.limits: no such field/],
    ['{"store":{"type":"dir","path":"x"}}', /store: no such field; there are .*mounts/],
    [
      '{"mounts":[{"store":{"type":"ftp"}}]}',
      /mounts\.0\.store\.type: takes a table whose type is "r2", "s3" or "dir", not "ftp"/,
    ],
    ['{"mounts":[{"store":{"type":"s3"}}]}', /mounts\.0\.store\.bucket: is missing; takes the name of a bucket/],
    [
      '{"mounts":[{"store":{"type":"s3","bucket":"abc","path":"x"}}]}',
      /store\.path: no such field; there are type, bucket, endpoint, region, pathStyle, forbidden, reads$/,
    ],
    [
      '{"mounts":[{"fallback":{"type":"r2","binding":5}}]}',
      /mounts\.0\.fallback\.binding: takes the name of an R2 binding, not 5/,
    ],
    ['{"access":"pubic"}', /access: takes "public" or a table whose type is .*"allOf"$/],
    ['{"access":{"type":"sgned"}}', /access\.type: takes "public" or a table .*"allOf"$/],
    ['{"access":{"type":"signed","kes":"A"}}', /access: field 2 is none of .*; there are type, keys$/],
    [
      '{"access":{"type":"ip","blocks":["10.0.0.0/33"]}}',
      /access\.blocks\.0: takes addresses and blocks, .*, not "10\.0\.0\.0\/33"/,
    ],
    [
      '{"access":{"type":"referer","origins":["https://a.example/x"],"missing":"allow"}}',
      /access\.origins\.0: takes origins/,
    ],
    ['{"access":{"type":"referer","origins":[]}}', /access\.missing: is missing; takes "allow" or "refuse"/],
    [
      '{"access":{"type":"anyOf","rules":["public",{"type":"basic"}]}}',
      /access\.rules\.1\.users: is missing; takes the name of a variable/,
    ],
    ['{"access":{"type":"allOf","rules":[]}}', /access\.rules\.0: takes "public" or a table/],
    ['{"cache":{"type":"disk"}}', /cache\.folder: is missing; takes a folder/],
    [
      '{"cache":{"type":"disk","folder":"f","bytes":1000,"memory":1000}}',
      /cache\.memory: takes less than cache\.bytes, 1000: .*, not 1000/,
    ],
    ['{"cache":{"type":"disk","folder":"f","memory":-1}}', /cache\.memory: takes a whole number from 0/],
    ['{"cache":{"type":"disk","folder":"f","memory":1e11}}', /cache\.memory: takes less than .*, not 100000000000/],
    ['{"cache":{"type":"memory","memory":1}}', /cache\.memory: no such field; there are type, bytes/],
    ['{"cache":{"type":"workers","origin":"http://x"}}', /cache\.origin: takes the origin of a host/],
    ['{"cached":false}', /cached: no such field; use cache = false; there are/],
    [
      '{"mounts":[{"cached":false}]}',
      /mounts\.0\.cached: no such field; use cache = false; there are .*cache, transfers$/,
    ],
    [
      '{"mounts":[{"cache":true}]}',
      /mounts\.0\.cache: takes false; the cache itself stands above all mounts, not true/,
    ],
    ['{"mounts":[{"cache":{"type":"memory"}}]}', /mounts\.0\.cache: takes false; .*, not \{…\}/],
    ['{"cache":false}', /cache: takes a table whose type is/],
    ['{"cache":{"type":"memory"},"mounts":[{"cache":false}]}', /^cache: has no effect, since every mount says its own/],
    ['{"blocks":{"immutable":true}}', /blocks\.immutable: no such field; use ttl = "forever"; there are size, ttl/],
    ['{"mounts":[{"blocks":{"immutable":true}}]}', /mounts\.0\.blocks\.immutable: no such field; use ttl = "forever"/],
    ['{"blocks":{"ttl":"always"}}', /blocks\.ttl: takes ms or "forever", not "always"/],
    ['{"blocks":{"ttl":0}}', /blocks\.ttl: takes a whole number from 1 to \d+ \(ms\), not 0/],
    ['{"logged":"none"}', /logged: takes "requests" or "errors", not "none"/],
    ['{"trustedProxies":11}', /trustedProxies: takes a whole number from 0 to 10 \(proxies\), not 11/],
    ['{"mounts":[{"index":1},{"path":2}]}', /mounts\.0\.index: .*\n.*mounts\.1\.path: /],
    // JSON can have a field with a name of Object.prototype.
    ['{"__proto__":{"access":"public"}}', /__proto__: no such field/],
    ['{"constructor":{}}', /constructor: no such field/],
    ['{"mounts":[{"__proto__":{"path":"/x"}}]}', /mounts\.0\.__proto__: no such field/],
    ['{"mounts":[{"toString":1}]}', /mounts\.0\.toString: no such field/],
    ['{"access":{"type":"constructor"}}', /access\.type: takes/],
    ['{"access":{"type":"signed","__proto__":{"keys":"X"}}}', /access: field 2 is none of those that there are/],
    ['{"cors":{"__proto__":{"origins":[]}}}', /cors\.__proto__: no such field/],
  ])('%s', ([json, message]) => {
    const input: unknown = JSON.parse(json);
    expect(() => parseConfig(input)).toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.for([
    '{"access":{"type":"signed","keys":"k1:SECRET-SECRET"}}',
    '{"access":{"type":"basic","users":"amy:SECRET"}}',
    '{"access":{"type":"jwt","key":{"type":"secret","secret":"SECRET SECRET"},"issuer":"i","audience":"a"}}',
    '{"access":{"type":"jwt","key":{"type":"public","pem":"-----BEGIN SECRET","algorithm":"RS256"},"issuer":"i","audience":"a"}}',
    '{"access":{"type":"jwt","key":{"type":"jwks","url":"https://u:SECRET@issuer.example/"},"issuer":"i","audience":"a"}}',
    '{"mounts":[{"store":{"type":"s3","bucket":"abc","endpoint":"https://u:SECRET@s3.example"}}]}',
    '{"cache":{"type":"workers","origin":"https://u:SECRET@files.example"}}',
  ])('without printing a secret that is written in place of its name: %s', (json) => {
    const input: unknown = JSON.parse(json);
    let message = '';
    try {
      parseConfig(input);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('takes');
    expect(message).not.toContain('SECRET');
  });
});

describe('a configuration opened on Node', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangeway-config-'));
    for (const name of ['own', 'other', 'replica']) {
      await mkdir(join(folder, name, 'sub'), { recursive: true });
      await writeFile(join(folder, name, 'a'), `${name}:a`);
      await writeFile(join(folder, name, 'sub', 'a'), `${name}:sub/a`);
    }
    process.env['RANGEWAY_TEST_KEYS'] = KEYS_TEXT;
  });
  afterAll(async () => {
    delete process.env['RANGEWAY_TEST_KEYS'];
    await rm(folder, { recursive: true });
  });

  async function open(config: ConfigInput) {
    const opened = await openNodeConfig(parseConfig(config), fsStore(join(folder, 'own')));
    return createGateway({ ...opened, observers: [{ end: () => undefined }] });
  }

  test('has mounts over the store of the platform with prefixes, over other stores, with a fallback, and behind a rule', async () => {
    const gateway = await open({
      cache: { type: 'memory' },
      mounts: [
        {},
        { path: '/s', prefix: 'sub/' },
        {
          path: '/o',
          store: { type: 'dir', path: join(folder, 'other') },
          fallback: { type: 'dir', path: join(folder, 'replica') },
        },
        { path: '/p', access: { type: 'signed', keys: 'RANGEWAY_TEST_KEYS' }, cache: false },
        { host: 'other.example', store: { type: 'dir', path: join(folder, 'other') } },
      ],
    });
    const read = async (path: string, Host = 'x') => (await gateway.request(path, { headers: { Host } })).text();
    expect(await read('/a')).toBe('own:a');
    expect(await read('/s/a')).toBe('own:sub/a');
    expect(await read('/o/a')).toBe('other:a');
    expect(await read('/a', 'other.example')).toBe('other:a');
    expect(await read('/p/a')).toContain('"status":403');
    expect(await read(await link('/p/a', { expires: Math.floor(Date.now() / 1000) + 60 }))).toBe('own:a');
  });

  test.for<readonly [ConfigInput, RegExp]>([
    [{ access: { type: 'signed', keys: 'NOT_SET' } }, /^access\.keys: NOT_SET is to hold a secret, and is not set$/],
    [
      { mounts: [{}, { path: '/a', access: { type: 'basic', users: 'NOT_SET' } }] },
      /^mounts\.1\.access\.users: NOT_SET is to/,
    ],
    [
      { mounts: [{}, { path: '/a', store: { type: 'r2', binding: 'B' } }] },
      /^mounts\.1\.store\.type: this platform knows no "r2"$/,
    ],
    [
      { mounts: [{}, { path: '/a', fallback: { type: 'r2', binding: 'B' } }] },
      /^mounts\.1\.fallback\.type: this platform/,
    ],
    [
      { cache: { type: 'workers', origin: 'https://files.example' } },
      /^cache\.type: this platform knows no "workers"$/,
    ],
  ])('%j', async ([config, message]) => {
    await expect(open(config)).rejects.toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
  });

  test('refuses a mount without a store of its own or of the platform', async () => {
    await expect(openNodeConfig(parseConfig({}), undefined)).rejects.toThrow(
      /a mount takes a store, since nothing else names one/,
    );
    const opened = await openNodeConfig(parseConfig({}), memoryStore());
    expect(() => createGateway(opened)).not.toThrow();
  });
});

test('digests is refused where no store is S3, and taken where one is or may be', () => {
  const dir = { type: 'dir', path: '.' };
  const s3 = { type: 's3', bucket: 'files' };
  for (const mounts of [[{ store: dir }], [{ store: dir }, { path: '/a', store: { type: 'r2', binding: 'A' } }]])
    expect(() => parseConfig({ digests: true, mounts })).toThrow(/^digests: has no effect/);
  for (const mounts of [
    [{ store: s3 }],
    [{ store: dir }, { path: '/a', store: s3 }],
    [{ store: dir, fallback: s3 }],
    [{}],
  ])
    expect(parseConfig({ digests: true, mounts }).mounts[0]?.digests).toBe(true);
  expect(parseConfig({ digests: true }).mounts[0]?.digests).toBe(true);
});
