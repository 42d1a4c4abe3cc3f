import { describe, expect, test } from 'vitest';
import { granted, refused } from '../../src/access/access.ts';
import { jwtAccess, type PublicAlgorithm, type SecretAlgorithm } from '../../src/access/jwt.ts';
import { requestFor, NOW } from './request.ts';
import { AUDIENCE, withToken, ISSUER, makePair, optionsFor, token } from './tokens.ts';

const MISSING = { type: 'unauthenticated', challenges: ['Bearer realm="files"'] };
/** The grant of the tokens of these tests, whose subject is `ann`. */
const GRANTED = granted({ isPrivate: true, user: 'ann' });
const INVALID = { type: 'unauthenticated', challenges: ['Bearer realm="files", error="invalid_token"'] };
const EXPIRED = {
  type: 'unauthenticated',
  challenges: ['Bearer realm="files", error="invalid_token", error_description="The token has expired"'],
};

const es256 = await makePair('ES256');
const rule = jwtAccess(optionsFor(es256));

describe('jwtAccess accepts tokens signed with', () => {
  const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const;
  test.for<PublicAlgorithm>(algorithms)('%s', async (algorithm) => {
    const pair = await makePair(algorithm);
    expect(await jwtAccess(optionsFor(pair))(withToken(await token(pair)))).toEqual(GRANTED);
  });
  test.for<readonly [SecretAlgorithm, number]>([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('%s', async ([algorithm, length]) => {
    const secret = new Uint8Array(length).fill(7);
    const options = { issuer: ISSUER, audience: AUDIENCE };
    const bytes = jwtAccess({ ...options, key: { type: 'secret', secret, algorithm } });
    const text = jwtAccess({ ...options, key: { type: 'secret', secret: '\u0007'.repeat(length), algorithm } });
    const signed = await token({ algorithm, privateKey: secret });
    expect([await bytes(withToken(signed)), await text(withToken(signed))]).toEqual([GRANTED, GRANTED]);
  });
});

describe('jwtAccess', () => {
  test('accepts the scheme in any case, and several spaces after it', async () => {
    const signed = await token(es256);
    for (const field of [`bearer ${signed}`, `BEARER   ${signed}`]) {
      expect(await rule(requestFor('/a', { Authorization: field }))).toEqual(GRANTED);
    }
  });
  test('accepts one of several issuers and audiences', async () => {
    const several = jwtAccess(optionsFor(es256, { issuer: ['x', ISSUER], audience: ['y', AUDIENCE] }));
    expect(await several(withToken(await token(es256)))).toEqual(GRANTED);
    expect(await several(withToken(await token(es256, { iss: 'x', aud: ['z', 'y'] })))).toEqual(GRANTED);
    expect(await several(withToken(await token(es256, { iss: 'y' })))).toEqual(INVALID);
  });
  test('distinguishes a missing, an invalid and an expired token', async () => {
    expect(await rule(requestFor('/a'))).toEqual(MISSING);
    expect(await rule(requestFor('/a', { Authorization: 'Basic YTpi' }))).toEqual(MISSING);
    expect(await rule(withToken('invalid-response'))).toEqual(INVALID);
    expect(await rule(withToken(await token(es256, { exp: NOW - 31 })))).toEqual(EXPIRED);
  });
  test('sends the configured realm', async () => {
    const named = jwtAccess(optionsFor(es256, { realm: 'releases' }));
    expect(await named(requestFor('/a'))).toEqual({ type: 'unauthenticated', challenges: ['Bearer realm="releases"'] });
  });
  test('tolerates a clock offset up to the configured one', async () => {
    const strict = jwtAccess(optionsFor(es256, { clockTolerance: 0 }));
    const late = withToken(await token(es256, { exp: NOW - 29 }));
    const early = withToken(await token(es256, { nbf: NOW + 30 }));
    expect([await rule(late), await rule(early)]).toEqual([GRANTED, GRANTED]);
    expect([await strict(late), await strict(early)]).toEqual([EXPIRED, INVALID]);
    expect(await strict(withToken(await token(es256, { exp: NOW })))).toEqual(EXPIRED);
    expect(await strict(withToken(await token(es256, { exp: NOW + 1 })))).toEqual(GRANTED);
  });
  test('gives unavailable if its own key does not match the algorithm', async () => {
    const { pem } = await makePair('RS256');
    const wrong = jwtAccess(optionsFor({ ...es256, pem }));
    expect(await wrong(withToken(await token(es256)))).toMatchObject({ type: 'unavailable' });
  });
});

describe('a claim that limits paths', () => {
  const limited = jwtAccess(optionsFor(es256, { pathsClaim: 'paths' }));
  const rows: readonly (readonly [claim: unknown, path: string, isAllowed: boolean])[] = [
    ['/files/', '/files/a.bin', true],
    ['/files/', '/files/b/c.bin', true],
    ['/files/a.bin', '/files/a.bin', true],
    ['/files/a.bin', '/files/%61.bin', true],
    [['/x/', '/files/'], '/files/a.bin', true],
    ['/日本/', '/%E6%97%A5%E6%9C%AC/a', true],
    ['/', '/files/a.bin', true],
    ['/files/a.bin', '/files/a.bin.sig', false],
    ['/files', '/files/a.bin', false],
    ['/files/', '/files', false],
    ['/files/', '/files-2/a.bin', false],
    ['/files/', '/Files/a.bin', false],
    ['/files/', '/files%2Fa.bin', false],
    ['/files/', '/files/..%2fsecret', false],
    ['/files/', '/files//%2e%2e%5csecret', false],
    ['/files/', '/files/%ff', false],
    ['/%66iles/', '/files/a.bin', false],
    ['files/', '/files/a.bin', false],
    ['', '/files/a.bin', false],
    ['*', '/files/a.bin', false],
    [[], '/files/a.bin', false],
    [[['/files/']], '/files/a.bin', false],
    [{ 0: '/files/' }, '/files/a.bin', false],
    [null, '/files/a.bin', false],
    [true, '/files/a.bin', false],
    [undefined, '/files/a.bin', false],
  ];
  test.for(rows)('%o, request for %s: %s', async ([paths, path, isAllowed]) => {
    const signed = await token(es256, { paths });
    expect(await limited(withToken(signed, '/', { path }))).toEqual(isAllowed ? GRANTED : refused('forbidden'));
  });
  test.for(['__proto__', 'constructor', 'toString'])('must be an own property of the token: %s', async (pathsClaim) => {
    const odd = jwtAccess(optionsFor(es256, { pathsClaim }));
    expect(await odd(withToken(await token(es256)))).toEqual(refused('forbidden'));
  });
});

test('a claim is not read from a polluted Object.prototype', async () => {
  const limited = jwtAccess(optionsFor(es256, { pathsClaim: 'polluted' }));
  const request = withToken(await token(es256));
  // oxlint-disable-next-line no-extend-native -- the pollution is the test
  Object.defineProperty(Object.prototype, 'polluted', { value: '/', configurable: true });
  try {
    expect(await limited(request)).toEqual(refused('forbidden'));
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

test('a token with many claims is accepted, and one over the size limit is not parsed', async () => {
  const verdicts = [];
  for (const length of [8_000, 16_000])
    verdicts.push(await rule(withToken(await token(es256, { x: 'x'.repeat(length) }))));
  expect(verdicts).toEqual([GRANTED, INVALID]);
});

describe('jwtAccess refuses at start', () => {
  const secret = (text: string | Uint8Array, algorithm?: SecretAlgorithm) =>
    ({ type: 'secret', secret: text, algorithm }) as const;
  const jwks = (url: string) => ({ type: 'jwks', url }) as const;
  test.for([
    [{ key: secret('s'.repeat(31)) }, 'jwt takes a secret of 32 bytes at the least for HS256'],
    [{ key: secret(new Uint8Array(47), 'HS384') }, '48 bytes at the least for HS384'],
    [{ key: secret(es256.pem) }, 'jwt takes no PEM as a secret: a public key is known to all'],
    [{ key: secret(`\n${es256.pem}`) }, 'no PEM as a secret'],
    [{ key: { type: 'public', pem: 'secret', algorithm: 'ES256' } }, 'jwt takes a public key as PEM, SPKI'],
    [
      { key: jwks('http://issuer.example/keys') },
      'jwt takes an https address of keys, such as https://issuer.example/.well-known/jwks.json',
    ],
    [{ key: jwks('http://localhost.evil.example/keys') }, 'jwt takes an https address'],
    [{ key: jwks('http://127.0.0.1@evil.example/keys') }, 'jwt takes an https address'],
    [{ key: jwks('file:///etc/keys') }, 'jwt takes an https address'],
    [{ key: jwks('https://') }, 'jwt takes an https address'],
    [{ issuer: '' }, 'jwt takes the issuer of its tokens'],
    [{ audience: [] }, 'jwt takes the audience of its tokens'],
    [{ realm: 'a"' }, 'realm: takes plain ASCII'],
  ] as const)('%o', ([wrong, message]) => {
    const refusal = expect(() => jwtAccess(optionsFor(es256, wrong)));
    refusal.toThrow(expect.objectContaining({ name: 'SettingsError', message: expect.stringContaining(message) }));
    refusal.not.toThrow(/sss|BEGIN PUBLIC|"secret"/);
  });
});
