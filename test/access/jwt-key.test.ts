import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exportJWK, importSPKI } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { granted } from '../../src/access/access.ts';
import { jwtAccess, type JwtKey } from '../../src/access/jwt.ts';
import { AUDIENCE, withToken, ISSUER, makePair, token, type Pair } from './tokens.ts';

/** The grant of the tokens of these tests, whose subject is `ann`. */
const GRANTED = granted({ isPrivate: true, user: 'ann' });
const INVALID = { type: 'unauthenticated', challenges: ['Bearer realm="files", error="invalid_token"'] };

const first = await makePair('ES256');
const second = await makePair('ES256');
const rsa = await makePair('RS256');

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** The server of an issuer, whose keys and behaviour can be changed while it runs. */
async function startIssuer() {
  const issuer = { keys: new Array<object>(), status: 200, body: undefined as string | undefined, fetches: 0 };
  const server = createServer((_req, res) => {
    issuer.fetches++;
    res.writeHead(issuer.status, { 'Content-Type': 'application/json' });
    res.end(issuer.body ?? JSON.stringify({ keys: issuer.keys }));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { issuer, url: `http://127.0.0.1:${address.port}/keys`, server };
}

async function jwk({ pem, algorithm }: Pair, kid?: string, others: object = {}): Promise<object> {
  const key = await exportJWK(await importSPKI(pem, algorithm, { extractable: true }));
  return { ...key, ...(kid === undefined ? {} : { kid }), ...others };
}

function ruleFor(url: string, others: Partial<Extract<JwtKey, { readonly type: 'jwks' }>> = {}) {
  return jwtAccess({ key: { type: 'jwks', url, ...others }, issuer: ISSUER, audience: AUDIENCE });
}

test('keys are fetched once, when the first token needs them', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url);
  expect(await rule(withToken('invalid-response'))).toEqual(INVALID);
  expect(issuer.fetches).toBe(0);
  const signed = await token(first, {}, { kid: 'a' });
  const verdicts = await Promise.all(Array.from({ length: 20 }, async () => rule(withToken(signed))));
  expect(verdicts).toEqual(verdicts.map(() => GRANTED));
  expect(issuer.fetches).toBe(1);
});

test('an unknown key id causes another fetch, and a removed key is refused', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url, { cooldown: 0 });
  const old = withToken(await token(first, {}, { kid: 'a' }));
  const renewed = withToken(await token(second, {}, { kid: 'b' }));
  expect(await rule(old)).toEqual(GRANTED);
  // Both keys for a while, then only the new one.
  issuer.keys = [await jwk(second, 'b'), await jwk(first, 'a')];
  expect([await rule(renewed), await rule(old)]).toEqual([GRANTED, GRANTED]);
  expect(issuer.fetches).toBe(2);
  issuer.keys = [await jwk(second, 'b')];
  expect(await rule(withToken(await token(second, {}, { kid: 'c' })))).toEqual(INVALID);
  expect(issuer.fetches).toBe(3);
  expect([await rule(old), await rule(renewed)]).toEqual([INVALID, GRANTED]);
});

test('keys that are too old are fetched again, even if they match', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url, { maxAge: 0, cooldown: 0 });
  const request = withToken(await token(first, {}, { kid: 'a' }));
  expect([await rule(request), await rule(request)]).toEqual([GRANTED, GRANTED]);
  expect(issuer.fetches).toBe(2);
});

test('keys that are too old are fetched again, even if the wall clock was set back', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url, { maxAge: 600, cooldown: 0 });
  const signed = await token(first, {}, { kid: 'a' });
  const now = Math.floor(Date.now() / 1000);
  expect(await rule({ ...withToken(signed), now })).toEqual(GRANTED);
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  try {
    vi.advanceTimersByTime(599_000);
    expect(await rule({ ...withToken(signed), now })).toEqual(GRANTED);
    expect(issuer.fetches).toBe(1);
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    issuer.keys = [await jwk(second, 'b')];
    expect(await rule({ ...withToken(signed), now })).toEqual(INVALID);
    expect(issuer.fetches).toBeGreaterThan(1);
  } finally {
    vi.useRealTimers();
  }
});

test('tokens with unknown keys cause a bounded number of fetches', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url);
  for (let i = 0; i < 20; i++)
    expect(await rule(withToken(await token(second, {}, { kid: `x${i}` })))).toEqual(INVALID);
  expect(issuer.fetches).toBe(1);
});

test('a token without a key id is verified with each matching key', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a'), await jwk(rsa, 'r'), await jwk(second, 'b')];
  const rule = ruleFor(url);
  expect(await rule(withToken(await token(second)))).toEqual(GRANTED);
  expect(await rule(withToken(await token(rsa)))).toEqual(GRANTED);
  expect(await rule(withToken(await token(await makePair('ES256'))))).toEqual(INVALID);
  expect(await rule(withToken(await token(second, { aud: 'mail' })))).toEqual(INVALID);
});

test('only the allowed algorithms are used, whatever the key set contains', async () => {
  const { issuer, url } = await startIssuer();
  const secret = new Uint8Array(32).fill(7);
  issuer.keys = [
    { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 's', alg: 'HS256' },
    await jwk(rsa, 'r'),
    await jwk(first, 'e', { use: 'enc' }),
  ];
  const rule = ruleFor(url);
  expect(await rule(withToken(await token({ algorithm: 'HS256', privateKey: secret }, {}, { kid: 's' })))).toEqual(
    INVALID,
  );
  expect(await rule(withToken(await token(first, {}, { kid: 'e' })))).toEqual(INVALID);
  const narrow = ruleFor(url, { algorithms: ['ES256'] });
  expect(await narrow(withToken(await token(rsa, {}, { kid: 'r' })))).toEqual(INVALID);
  expect(await rule(withToken(await token(rsa, {}, { kid: 'r' })))).toEqual(GRANTED);
});

test('an unreachable issuer gives unavailable, not a rejected token, and is not contacted again for a while', async () => {
  const { issuer, url } = await startIssuer();
  issuer.status = 503;
  const rule = ruleFor(url);
  const request = withToken(await token(first, {}, { kid: 'a' }));
  for (let i = 0; i < 5; i++) {
    expect(await rule(request)).toMatchObject({
      type: 'unavailable',
      cause: { message: expect.stringMatching(/^the keys of 127/) },
    });
  }
  expect(issuer.fetches).toBe(1);
});

test.for([
  ['no JSON', '<html>'],
  ['no set of keys', '{"keys":"none"}'],
  ['a list', '[]'],
])('an invalid key set gives unavailable: %s', async ([, body]) => {
  const { issuer, url } = await startIssuer();
  issuer.body = body;
  const rule = ruleFor(url);
  const request = withToken(await token(first, {}, { kid: 'a' }));
  expect([await rule(request), await rule(request)]).toMatchObject([{ type: 'unavailable' }, { type: 'unavailable' }]);
  expect(issuer.fetches).toBe(1);
});

test('a redirect of the key set is not followed', async () => {
  const { issuer, url, server } = await startIssuer();
  const target = await startIssuer();
  target.issuer.keys = [await jwk(first, 'a')];
  server.removeAllListeners('request');
  server.on('request', (_req, res) => {
    issuer.fetches++;
    res.writeHead(302, { Location: target.url }).end();
  });
  const verdict = await ruleFor(url)(withToken(await token(first, {}, { kid: 'a' })));
  expect([verdict.type, issuer.fetches, target.issuer.fetches]).toEqual(['unavailable', 1, 0]);
});

test('known keys stay in use while the issuer is unreachable', async () => {
  const { issuer, url } = await startIssuer();
  issuer.keys = [await jwk(first, 'a')];
  const rule = ruleFor(url, { cooldown: 0 });
  const known = withToken(await token(first, {}, { kid: 'a' }));
  expect(await rule(known)).toEqual(GRANTED);
  issuer.status = 500;
  expect(await rule(withToken(await token(second, {}, { kid: 'b' })))).toMatchObject({ type: 'unavailable' });
  expect(await rule(known)).toEqual(GRANTED);
});
