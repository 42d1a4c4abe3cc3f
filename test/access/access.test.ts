import { describe, expect, test } from 'vitest';
import { granted, refused, type AccessRule, type AccessVerdict } from '../../src/access/access.ts';
import { equalInConstantTime } from '../../src/access/constant-time.ts';
import { basicAccess, hookAccess, ipAccess, publicAccess, refererAccess } from '../../src/access/index.ts';
import { requestFor } from './request.ts';

const FORBIDDEN = refused('forbidden');

test('publicAccess grants each request, and the response may be stored by shared caches', async () => {
  expect(await publicAccess()(requestFor('/a'))).toEqual({ type: 'granted', grant: { isPrivate: false } });
});

describe('hookAccess', () => {
  test('returns the verdict of the hook, sync or async', async () => {
    expect(await hookAccess(({ path }) => path === '/a')(requestFor('/a'))).toEqual(granted());
    expect(await hookAccess(async ({ path }) => path === '/a')(requestFor('/b'))).toEqual(FORBIDDEN);
  });
  test('passes on an error of the hook', async () => {
    const rule = hookAccess(() => {
      throw new Error('no answer');
    });
    await expect(async () => rule(requestFor('/a'))).rejects.toThrow('no answer');
  });
});

describe('ipAccess', () => {
  const rule = ipAccess(['10.0.0.0/8', '2001:db8::/32']);
  test.for([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['2001:db8::1', true],
    ['11.1.2.3', false],
    ['2001:db9::1', false],
    ['invalid-response', false],
    [undefined, false],
  ] as const)('%s: %s', async ([clientAddress, isAllowed]) => {
    expect(await rule(requestFor('/a', {}, { clientAddress }))).toEqual(isAllowed ? granted() : FORBIDDEN);
  });
  test('uses no header field of the request', async () => {
    const fields = { 'X-Forwarded-For': '10.1.2.3', Forwarded: 'for=10.1.2.3', 'CF-Connecting-IP': '10.1.2.3' };
    expect(await rule(requestFor('/a', fields, { clientAddress: '11.1.2.3' }))).toEqual(FORBIDDEN);
  });
  test('grants no request without a block, and refuses an invalid block with its text', async () => {
    expect(await ipAccess([])(requestFor('/a', {}, { clientAddress: '10.1.2.3' }))).toEqual(FORBIDDEN);
    expect(() => ipAccess(['10.0.0.0/8', '10.0.0.0/33'])).toThrow(
      'such as 203.0.113.0/24 or 2001:db8::/32, not "10.0.0.0/33"',
    );
  });
});

describe('refererAccess', () => {
  const origins = ['https://example.com', 'http://localhost:3000'];
  const rule = refererAccess({ origins, missing: 'refuse' });
  test.for([
    ['https://example.com/', true],
    ['https://example.com', true],
    ['https://EXAMPLE.com:443/page?query#fragment', true],
    ['http://localhost:3000/page', true],
    ['http://example.com/', false],
    ['https://example.com:8443/', false],
    ['https://example.com.evil.example/', false],
    ['https://evil.example/https://example.com/', false],
    ['https://example.com@evil.example/', false],
    ['https://sub.example.com/', false],
    ['https://exаmple.com/', false],
    ['example.com', false],
    ['about:client', false],
    ['null', false],
    [`https://example.com/${'a'.repeat(9000)}`, false],
  ] as const)('%.60s: %s', async ([referer, isAllowed]) => {
    // The bytes of a field value, one character each, as Headers takes them.
    const value = Buffer.from(referer).toString('latin1');
    expect(await rule(requestFor('/a', { Referer: value }))).toEqual(isAllowed ? granted() : FORBIDDEN);
  });
  test('treats an empty field like a missing one', async () => {
    const lenient = refererAccess({ origins, missing: 'allow' });
    expect(await rule(requestFor('/a'))).toEqual(FORBIDDEN);
    expect(await rule(requestFor('/a', { Referer: '' }))).toEqual(FORBIDDEN);
    expect(await lenient(requestFor('/a'))).toEqual(granted());
    expect(await lenient(requestFor('/a', { Referer: '' }))).toEqual(granted());
    expect(await lenient(requestFor('/a', { Referer: 'https://evil.example/' }))).toEqual(FORBIDDEN);
  });
  test.for(['example.com', 'https://example.com/', 'https://a@example.com', 'https://', 'ftp://example.com', '*'])(
    '%s is not an origin',
    (origin) => {
      expect(() => refererAccess({ origins: [origin], missing: 'allow' })).toThrow('referer takes origins');
    },
  );
});

function basic(credentials: string, scheme = 'Basic'): Record<string, string> {
  return { Authorization: `${scheme} ${Buffer.from(credentials).toString('base64')}` };
}

describe('basicAccess', () => {
  const rule = basicAccess({
    realm: 'releases',
    users: [
      { name: 'ann', password: 'correct horse' },
      { name: 'bob', password: 'p:a:ss' },
      { name: 'zoë', password: 'Ju\u0308rgen' },
      { name: '__proto__', password: 'constructor' },
    ],
  });
  const ASKED: AccessVerdict = {
    type: 'unauthenticated',
    challenges: ['Basic realm="releases", charset="UTF-8"'],
  };
  test.for([
    ['a name and its password', 'ann', basic('ann:correct horse')],
    ['a password with colons', 'bob', basic('bob:p:a:ss')],
    ['UTF-8, composed (RFC 7617 §2.1)', 'zoë', basic('zoë:J\u00fcrgen')],
    ['the scheme in any case', 'ann', basic('ann:correct horse', 'bASIC')],
    ['a name that objects have', '__proto__', basic('__proto__:constructor')],
  ] as const)('takes %s', async ([, user, fields]) => {
    expect(await rule(requestFor('/a', fields))).toEqual(granted({ isPrivate: true, user }));
  });
  test.for([
    ['nothing', {}],
    ['another password', basic('ann:correct horsf')],
    ['a part of the password', basic('ann:correct hors')],
    ['more than the password', basic('ann:correct horse ')],
    ['no password', basic('ann:')],
    ["another user's password", basic('ann:p:a:ss')],
    ['no name', basic(':correct horse')],
    ['an unknown name', basic('eve:correct horse')],
    ['a name of another case', basic('Ann:correct horse')],
    ['a name that objects have, without its password', basic('constructor:undefined')],
    ['no colon', basic('ann')],
    ['another scheme', basic('ann:correct horse', 'Bearer')],
    ['no base64', { Authorization: 'Basic !!!' }],
    ['base64 of an impossible length', { Authorization: 'Basic YWFhY' }],
    ['no credentials', { Authorization: 'Basic' }],
    ['two credentials', { Authorization: `${basic('ann:correct horse')['Authorization']}, Basic eDp4` }],
    ['very long credentials', basic(`ann:${'a'.repeat(100_000)}`)],
    ['Latin-1', { Authorization: `Basic ${Buffer.from('zo\u00eb:J\u00fcrgen', 'latin1').toString('base64')}` }],
  ] as const)('asks for credentials for %s', async ([, fields]) => {
    expect(await rule(requestFor('/a', fields))).toEqual(ASKED);
  });
  test('refuses user names that can not be sent, without printing passwords', () => {
    const make = (name: string, password: string) => () => basicAccess({ users: [{ name, password }] });
    expect(() => basicAccess({ users: [] })).toThrow('a user at the least');
    expect(make('a:b', 'secret')).toThrow(/^users: basic takes names without a colon, which ends them$/);
    expect(make('a', 'sec\u0000ret')).toThrow(/^users: basic takes names and passwords without control characters$/);
    expect(make('a', 'secret\ud800')).toThrow('without control characters');
    expect(make('a', '')).toThrow('with a name and a password');
    expect(() => basicAccess({ realm: 'a"b', users: [{ name: 'a', password: 'b' }] })).toThrow(
      'realm: takes plain ASCII',
    );
  });
});

test('equalInConstantTime compares every byte, and the lengths', () => {
  const bytes = (...values: readonly number[]) => Uint8Array.from(values);
  const rows: readonly (readonly [Uint8Array, Uint8Array, boolean])[] = [
    [bytes(), bytes(), true],
    [bytes(1, 2, 3), bytes(1, 2, 3), true],
    [bytes(1, 2, 3), bytes(0, 2, 3), false],
    [bytes(1, 2, 3), bytes(1, 2, 131), false],
    [bytes(1, 2), bytes(1, 2, 3), false],
    [bytes(1, 2, 0), bytes(1, 2), false],
  ];
  for (const [a, b, expected] of rows) expect([a, b, equalInConstantTime(a, b)]).toEqual([a, b, expected]);
});

test('a rule that reads no header field works without them', async () => {
  const rules: readonly AccessRule[] = [publicAccess(), ipAccess(['::/0'])];
  for (const rule of rules)
    expect(await rule(requestFor('/', {}, { clientAddress: '::1' }))).toMatchObject({ type: 'granted' });
});
