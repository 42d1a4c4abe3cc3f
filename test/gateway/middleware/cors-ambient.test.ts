import { describe, expect, test } from 'vitest';
import {
  allOf,
  ambient,
  anyOf,
  basicAccess,
  hookAccess,
  ipAccess,
  publicAccess,
  refererAccess,
  signedAccess,
  type AccessRule,
} from '../../../src/access/index.ts';
import { createGateway, type GatewayOptions } from '../../../src/gateway/create-gateway.ts';
import { parseConfig, type ConfigInput } from '../../../src/config/config.ts';
import { openNodeConfig } from '../../../src/platform/node/index.ts';
import { toCorsPolicy } from '../../../src/platform/checked-config.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { KEYS, KEYS_TEXT } from '../../access/links.ts';

const store = memoryStore();
await store.put('a', new TextEncoder().encode('0123456789'));

const ORIGIN = 'https://page.example';
const ip = ipAccess(['127.0.0.0/8']);
const referer = refererAccess({ origins: [ORIGIN], missing: 'allow' });
const signed = signedAccess(KEYS);
const basic = basicAccess({ users: [{ name: 'amy', password: 'pass' }] });
const hook = hookAccess(() => true);

const open = (options: Omit<GatewayOptions, 'store'>) =>
  createGateway({ store, observers: [{ end: () => undefined }], clientAddress: () => '127.0.0.1', ...options });

/** The statuses and CORS fields of requests of all kinds from a page of {@link ORIGIN}. */
async function learn(gateway: ReturnType<typeof open>, base = '') {
  const preflight = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'range' };
  const requests: readonly (readonly [path: string, method: string, headers?: Record<string, string>])[] = [
    ['/a', 'GET'],
    ['/a', 'HEAD'],
    ['/a', 'GET', { Range: 'bytes=0-1' }],
    ['/a', 'GET', { 'If-None-Match': '*' }],
    ['/a', 'GET', { 'If-Match': '"other"' }],
    ['/a', 'GET', { Range: 'bytes=20-' }],
    ['/missing', 'GET'],
    ['/%ff', 'GET'],
    ['/a', 'POST'],
    [`/a?${'x'.repeat(20_000)}`, 'GET'],
    ['/a', 'OPTIONS', preflight],
  ];
  const fields = new Set<string>();
  for (const [path, method, headers = {}] of requests) {
    const response = await gateway.request(base + path, { method, headers: { Origin: ORIGIN, ...headers } });
    for (const [name, value] of response.headers)
      if (name.startsWith('access-control')) fields.add(`${name}: ${value}`);
  }
  return fields;
}

describe('a rule satisfied by credentials that browsers send by themselves', () => {
  test.for<readonly [name: string, access: AccessRule]>([
    ['ip', ip],
    ['referer', referer],
    ['anyOf(signed, ip)', anyOf(signed, ip)],
    ['anyOf(allOf(ip, signed), referer)', anyOf(allOf(ip, signed), referer)],
    ['allOf(ip, referer)', allOf(ip, referer)],
    ['allOf(ip, public)', allOf(ip, publicAccess())],
    ['allOf(public, anyOf(basic, ip))', allOf(publicAccess(), anyOf(basic, ip))],
    ['ambient(hook)', ambient(hook)],
  ])('%s: no page of another origin may read, and preflights are refused', async ([, access]) => {
    expect(await learn(open({ access }))).toEqual(new Set());
    expect(await learn(open({ access, cors: { headers: ['X-Foo'] } }))).toEqual(new Set());
  });

  test('pages of the origins in cors.origins may read, set at the mount or above', async () => {
    const listed = open({ access: ip, cors: { origins: [ORIGIN] } });
    expect([...(await learn(listed))]).toContain(`access-control-allow-origin: ${ORIGIN}`);
    expect([...(await learn(open({ access: ip, cors: { origins: '*' } })))]).toContain(
      'access-control-allow-origin: *',
    );
    const above = createGateway({
      cors: { origins: [ORIGIN] },
      mounts: [{ store, access: ip, path: '/m' }],
      clientAddress: () => '127.0.0.1',
      observers: [{ end: () => undefined }],
    });
    expect([...(await learn(above, '/m'))]).toContain(`access-control-allow-origin: ${ORIGIN}`);
  });

  test('a public mount beside it may be read', async () => {
    const gateway = createGateway({
      mounts: [{ store }, { path: '/in', store, access: ip }],
      observers: [{ end: () => undefined }],
    });
    const allowed = async (path: string) =>
      (await gateway.request(path, { headers: { Origin: ORIGIN } })).headers.get('Access-Control-Allow-Origin');
    expect([await allowed('/a'), await allowed('/in/a'), await allowed('/%ff')]).toEqual(['*', null, '*']);
  });
});

describe('a rule that needs credentials a page sends itself', () => {
  test.for<readonly [name: string, access: AccessRule | undefined]>([
    ['none', undefined],
    ['public', publicAccess()],
    ['signed', signed],
    ['basic', basic],
    ['a hook', hook],
    ['anyOf(signed, basic)', anyOf(signed, basic)],
    ['allOf(ip, signed)', allOf(ip, signed)],
    ['allOf(ip, anyOf(signed, basic))', allOf(ip, anyOf(signed, basic))],
    ['allOf(public)', allOf(publicAccess())],
  ])('%s: pages of all origins may read, without the credentials of the browser', async ([, access]) => {
    const fields = await learn(open({ access }));
    expect([...fields]).toContain('access-control-allow-origin: *');
    expect([...fields].join()).not.toContain('credentials');
  });
});

test('ambient() returns a marked copy of a rule', async () => {
  const marked = ambient(hook);
  expect([marked.needs, hook.needs]).toEqual(['ambient', undefined]);
});

describe('a configuration', () => {
  process.env['RANGEWAY_TEST_KEYS'] = KEYS_TEXT;
  const ipTable = { type: 'ip', blocks: ['127.0.0.0/8'] } as const;
  const signedTable = { type: 'signed', keys: 'RANGEWAY_TEST_KEYS' } as const;
  const refererTable = { type: 'referer', origins: [ORIGIN], missing: 'allow' } as const;
  test.for<readonly [config: ConfigInput, origins: '*' | readonly string[]]>([
    [{}, '*'],
    [{ access: ipTable }, []],
    [{ access: refererTable }, []],
    [{ access: { type: 'anyOf', rules: [signedTable, ipTable] } }, []],
    [{ access: { type: 'allOf', rules: [signedTable, ipTable] } }, '*'],
    [{ access: { type: 'allOf', rules: ['public', ipTable] } }, []],
    [{ access: ipTable, cors: { origins: '*' } }, '*'],
    [{ access: ipTable, cors: { origins: [ORIGIN] } }, [ORIGIN]],
    [{ cors: { origins: [ORIGIN] }, mounts: [{ access: ipTable }] }, [ORIGIN]],
    [{ access: ipTable, mounts: [{ path: '/' }] }, []],
  ])('%j is described as it behaves', async ([config, origins]) => {
    const parsed = parseConfig(config);
    const gateway = createGateway({ ...(await openNodeConfig(parsed, store)), observers: [{ end: () => undefined }] });
    const response = await gateway.request('/a', { headers: { Origin: ORIGIN } });
    const expected = origins === '*' ? '*' : (origins[0] ?? null);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(expected);
    expect(parsed.mounts.map(({ cors, access }) => toCorsPolicy(cors, access).origins)).toEqual([origins]);
  });
});
