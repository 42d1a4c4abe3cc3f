import { describe, expect, test } from 'vitest';
import { DEFAULT_CACHE_CONTROL } from '../../infra/front.ts';
import { parseDeployment, parseOptions } from '../../infra/options.ts';
import type { Json } from './json.ts';

const SIGNED = { type: 'signed' };
const BASIC = { type: 'basic', users: 'USERS' };
const IP = { type: 'ip', blocks: ['203.0.113.0/24'] };
const REFERER = { type: 'referer', origins: ['https://example.com'], missing: 'allow' };
const JWT = {
  type: 'jwt',
  key: { type: 'jwks', url: 'https://issuer.example/keys' },
  issuer: 'https://issuer.example/',
  audience: 'files',
};

/** A place for every secret that the settings of this file name. */
const PLACES = { RANGEWAY_KEYS: 'secretsmanager:keys', USERS: 'ssm:/users', PURGE_TOKEN: 'ssm:/purge' };

function secretsFor(settings: Json): Json {
  const named = Object.entries(PLACES).filter(([name]) => JSON.stringify(settings).includes(name));
  const keys = JSON.stringify(settings).includes('"signed"') ? [['RANGEWAY_KEYS', PLACES.RANGEWAY_KEYS] as const] : [];
  return { secrets: Object.fromEntries([...named, ...keys]) };
}

function parse(front: string, settings: Json) {
  return () => parseOptions({ front, settings, ...secretsFor(settings) });
}

const FRONTS = ['stream', 'buffered', 'cloudfront'] as const;
const ALL_RULES = [SIGNED, BASIC, IP, REFERER, JWT];

describe('access rules', () => {
  test.each([SIGNED, IP, REFERER, { type: 'allOf', rules: [SIGNED, IP] }, { type: 'anyOf', rules: [SIGNED, REFERER] }])(
    'every front takes %j',
    (access) => {
      for (const front of FRONTS) expect(parse(front, { access })).not.toThrow();
    },
  );

  test.each([BASIC, JWT, { type: 'anyOf', rules: ALL_RULES }, { type: 'allOf', rules: [BASIC, JWT] }])(
    'a function URL takes %j',
    (access) => {
      expect(parse('stream', { access })).not.toThrow();
      expect(parse('buffered', { access })).not.toThrow();
    },
  );

  test.each<readonly [Json, string]>([
    [
      { access: BASIC },
      'access: "basic" needs Authorization, and CloudFront puts its own signature there; use "signed"',
    ],
    [{ access: JWT }, 'access: "jwt" needs Authorization'],
    [{ access: { type: 'anyOf', rules: [SIGNED, BASIC] } }, 'access: "basic" needs Authorization'],
    [
      { access: { type: 'allOf', rules: [IP, { type: 'anyOf', rules: [SIGNED, JWT] }] } },
      'access: "jwt" needs Authorization',
    ],
    [{ mounts: [{ path: '/a' }, { path: '/b', access: BASIC }] }, 'mounts.1.access: "basic" needs Authorization'],
    [{ access: JWT, mounts: [{ path: '/a' }, { path: '/b' }] }, 'mounts.0.access: "jwt" needs Authorization'],
  ])('CloudFront keeps %j from working', (settings, message) => {
    expect(parse('cloudfront', settings)).toThrow(`the options can't be used:\n  settings: ${message}`);
  });
});

describe('CloudFront does not cache guarded objects', () => {
  const message = 'cacheControl: CloudFront would give out what it keeps without asking the rule';

  test.each<readonly [Json, string]>([
    [{ access: SIGNED, cacheControl: 'public, max-age=60' }, message],
    [{ access: IP, cacheControl: 'max-age=60' }, message],
    [{ access: REFERER, cacheControl: 's-maxage=60' }, message],
    [{ access: SIGNED, cacheControl: 'private="set-cookie", max-age=60' }, message],
    [{ access: SIGNED, cacheControl: 'max-age=60, x="private, no-store"' }, message],
    [
      { mounts: [{ path: '/a' }, { path: '/b', access: SIGNED, cacheControl: 'public, max-age=60' }] },
      `mounts.1.${message}`,
    ],
  ])('%j is refused', (settings, sentence) => {
    expect(parse('cloudfront', settings)).toThrow(`settings: ${sentence}`);
    expect(parse('stream', settings)).not.toThrow();
  });

  test.each<Json>([
    { access: SIGNED },
    { access: SIGNED, cacheControl: 'Private, max-age=60' },
    { access: SIGNED, cacheControl: 'no-store' },
    { cacheControl: 'public, max-age=60' },
    // Inherited, it is made private for the guarded mount.
    { cacheControl: 'public, max-age=60', mounts: [{ path: '/a' }, { path: '/b', access: SIGNED }] },
  ])('%j is accepted', (settings) => {
    expect(parse('cloudfront', settings)).not.toThrow();
  });
});

describe('settings without effect on a function', () => {
  test.each<readonly [Json, string]>([
    [{ trustedProxies: 1 }, "trustedProxies: the function has the client's address from AWS"],
    [{ metrics: 'public' }, 'metrics: the log is the metric on Lambda'],
    [{ limits: { drainDelay: 1 } }, 'limits.drainDelay: only rangeway serve is stopped by a signal'],
    [{ cache: { type: 'disk', folder: '/tmp/blocks' } }, 'cache: the function has no cache of the type "disk"'],
    [{ cache: { type: 'tiered' } }, 'cache: the function has no cache of the type "tiered"'],
    [{ mounts: [{ host: 'files.example.com' }] }, 'host: the function sees the host of its own URL'],
    [{ mounts: [{ path: '/a' }, { host: 'b.example.com' }] }, 'mounts.1.host: the function sees'],
    [
      { mounts: [{ store: { type: 's3', bucket: 'other' } }] },
      "store, fallback: the function reads its stack's bucket",
    ],
    [{ mounts: [{ fallback: { type: 's3', bucket: 'other' } }] }, 'store, fallback: the function reads'],
  ])('%j', (settings, sentence) => {
    for (const front of FRONTS) expect(parse(front, settings)).toThrow(`settings: ${sentence}`);
  });

  test('two mounts with the same path', () => {
    expect(parse('stream', { mounts: [{ path: '/a' }, { path: '/a/' }] })).toThrow('settings: mounts.1: is at /a/');
  });

  test('parts of parallel reads as large as any buffered response', () => {
    const sentence = 'settings: mounts.1.parallelReads: has no effect, since a buffered answer has 4500000 bytes';
    const settings = { parallelReads: 4, mounts: [{ parallelReads: false }, { path: '/a' }] };
    expect(parse('buffered', settings)).toThrow(sentence);
    expect(parse('cloudfront', settings)).toThrow(sentence);
    expect(parse('stream', settings)).not.toThrow();
    expect(parse('buffered', { parallelReads: { partSize: 1_000_000 } })).not.toThrow();
  });

  test('a purge behind CloudFront', () => {
    const settings = { purge: { token: 'PURGE_TOKEN' } };
    expect(parse('cloudfront', settings)).toThrow('settings: purge: CloudFront takes no PURGE');
    expect(parse('stream', settings)).not.toThrow();
    expect(parse('buffered', settings)).not.toThrow();
  });
});

describe('secrets', () => {
  const jwt = (key: Json) => ({ access: { ...JWT, key } });

  test.each<readonly [Json, string]>([
    [{ access: SIGNED }, 'RANGEWAY_KEYS (access)'],
    [{ access: { type: 'signed', keys: 'KEYS' } }, 'KEYS (access)'],
    [{ access: { type: 'anyOf', rules: [IP, BASIC] } }, 'USERS (access)'],
    [jwt({ type: 'secret', secret: 'SHARED' }), 'SHARED (access)'],
    [jwt({ type: 'public', pem: 'PEM', algorithm: 'RS256' }), 'PEM (access)'],
    [{ purge: { token: 'TOKEN' } }, 'TOKEN (purge.token)'],
    [{ mounts: [{ path: '/a' }, { path: '/b', access: SIGNED }] }, 'RANGEWAY_KEYS (mounts.1.access)'],
  ])('that %j names need a place', (settings, name) => {
    expect(() => parseOptions({ settings })).toThrow(
      `secrets: the settings name ${name}, and no place is given for it`,
    );
  });

  test('that no setting names are refused, so the role reads no more than it needs', () => {
    expect(() => parseOptions({ secrets: 'OTHER=ssm:/other' })).toThrow('secrets: the settings do not name OTHER');
  });

  test('are written as text or as a table', () => {
    const settings = { access: { type: 'anyOf', rules: [SIGNED, BASIC] } };
    const text = 'RANGEWAY_KEYS=secretsmanager:my/keys=1@x,USERS=ssm:/files/users';
    const table = { RANGEWAY_KEYS: 'secretsmanager:my/keys=1@x', USERS: 'ssm:/files/users' };
    expect(parseOptions({ settings, secrets: text })).toEqual(parseOptions({ settings, secrets: table }));
    expect(parseOptions({ settings, secrets: text }).stack.secrets.get('USERS')).toEqual({
      service: 'ssm',
      id: '/files/users',
    });
  });

  const VALUE = 'sW0rdfishsW0rdfishsW0rdfishsW0rdfish';

  test.each([
    VALUE,
    `RANGEWAY_KEYS=${VALUE}`,
    `RANGEWAY_KEYS=k1:${VALUE}`,
    `${VALUE}=ssm:/keys`,
    `RANGEWAY_KEYS=ssm:/keys,${VALUE}`,
    `RANGEWAY_KEYS=ssm:/keys,RANGEWAY_KEYS=ssm:/${VALUE}`,
    `RANGEWAY_KEYS=ssm:/*/${VALUE}`,
    `RANGEWAY_KEYS=secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:${VALUE}`,
    `RANGEWAY_KEYS=secretsmanager:${VALUE}?`,
    `RANGEWAY_KEYS=ssm:`,
    { RANGEWAY_KEYS: { value: VALUE } },
    { [VALUE]: 'ssm:/keys' },
    [VALUE],
    null,
  ])('%j is refused and not printed', (secrets) => {
    const parsing = () => parseOptions({ settings: { access: SIGNED }, secrets });
    expect(parsing).toThrow('secrets: takes names in capital letters with their places');
    expect(parsing).not.toThrow(VALUE);
  });

  test.each<readonly [string | Json]>([
    [`{"access":{"type":"signed","keys":"${VALUE}"}`],
    [{ access: { type: 'basic', users: VALUE } }],
    [{ purge: { token: VALUE } }],
  ])('settings with the secret itself, %j, are refused and not printed', (settings) => {
    expect(() => parseOptions({ settings })).toThrow('settings: ');
    expect(() => parseOptions({ settings })).not.toThrow(VALUE);
  });

  test('and settings fit together into the environment', () => {
    const settings = { access: SIGNED, index: 'x'.repeat(2900) };
    expect(() => parseOptions({ settings, secrets: { RANGEWAY_KEYS: `ssm:/${'x'.repeat(200)}` } })).toThrow(
      'settings, secrets: take 3072 bytes together',
    );
  });
});

describe('Cache-Control behind CloudFront', () => {
  const settingsOf = (settings: Readonly<Record<string, unknown>>, front = 'cloudfront') =>
    parseDeployment({ front, settings }).settings;
  const own = 'no-cache';

  test('of public mounts without one lets CloudFront keep responses for a minute', () => {
    expect(settingsOf({})).toEqual({ cacheControl: DEFAULT_CACHE_CONTROL });
    expect(settingsOf({ index: 'i.html', access: 'public' })).toMatchObject({ cacheControl: DEFAULT_CACHE_CONTROL });
    const mounts = [
      {},
      { path: '/b', cacheControl: own },
      { path: '/c', access: { type: 'ip', blocks: ['192.0.2.0/24'] } },
    ];
    expect(settingsOf({ mounts })).toEqual({ mounts: [{ cacheControl: DEFAULT_CACHE_CONTROL }, mounts[1], mounts[2]] });
  });

  test('is never changed, and never added behind a rule or on other fronts', () => {
    const access = { type: 'ip', blocks: ['192.0.2.0/24'] };
    for (const settings of [{ cacheControl: own }, { cacheControl: own, mounts: [{}] }, { access }])
      expect(settingsOf(settings)).toEqual(settings);
    expect(settingsOf({ access, mounts: [{}, { path: '/b', access: 'public' }] })).toEqual({
      access,
      mounts: [{}, { path: '/b', access: 'public', cacheControl: DEFAULT_CACHE_CONTROL }],
    });
    for (const front of ['stream', 'buffered']) expect(settingsOf({}, front)).toEqual({});
  });

  test('counts in the size of the settings', () => {
    const mounts = Array.from({ length: 40 }, (_, i) => ({ path: `/m${i}` }));
    expect(() => settingsOf({ mounts }, 'stream')).not.toThrow();
    expect(() => settingsOf({ mounts })).toThrow(/settings, secrets: take 3072 bytes together/);
  });
});
