import { createHmac } from 'node:crypto';
import { CompactSign, CompactEncrypt, exportJWK, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { jwtAccess } from '../../src/access/jwt.ts';
import { toRefusalResponse } from '../../src/access/index.ts';
import { NOW, requestFor } from './request.ts';
import { withToken, claims, ISSUER, AUDIENCE, makePair, optionsFor, token } from './tokens.ts';

const rs256 = await makePair('RS256');
const other = await makePair('RS256');
const es256 = await makePair('ES256');
const secret = new Uint8Array(32).fill(7);

const byPublicKey = jwtAccess(optionsFor(rs256));
const byCurve = jwtAccess(optionsFor(es256));
const bySecret = jwtAccess({ key: { type: 'secret', secret }, issuer: ISSUER, audience: AUDIENCE });

const good = await token(rs256);
const [header = '', payload = '', signature = ''] = good.split('.');

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A token with any header and payload, signed with a secret without a library. */
function hmac(head: unknown, key: string | Uint8Array, body: unknown = claims(), hash = 'sha256'): string {
  const input = `${encode(head)}.${encode(body)}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

/** A token with any payload, signed by the right key. */
async function signed(body: string, head: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return new CompactSign(new TextEncoder().encode(body))
    .setProtectedHeader({ alg: 'RS256', ...head })
    .sign(rs256.privateKey);
}

const rows: readonly (readonly [name: string, token: string, rule?: typeof byPublicKey])[] = [
  // The algorithm.
  ['none', new UnsecuredJWT(claims()).encode()],
  ['None', `${encode({ alg: 'None' })}.${payload}.`],
  ['NONE, with a signature', `${encode({ alg: 'NONE' })}.${payload}.${signature}`],
  ['none, for a secret', new UnsecuredJWT(claims()).encode(), bySecret],
  ['no algorithm', `${encode({ typ: 'JWT' })}.${payload}.${signature}`],
  ['an empty algorithm', `${encode({ alg: '' })}.${payload}.${signature}`],
  ['a list of algorithms', `${encode({ alg: ['RS256'] })}.${payload}.${signature}`],
  ['an algorithm that objects have', `${encode({ alg: '__proto__' })}.${payload}.${signature}`],
  ['HS256 by the public key as PEM', hmac({ alg: 'HS256' }, rs256.pem)],
  ['HS256 by the public key as PEM without its line end', hmac({ alg: 'HS256' }, rs256.pem.trim())],
  ['HS256 by the public key as DER', hmac({ alg: 'HS256' }, der(rs256.pem))],
  ['HS512 by the public key', hmac({ alg: 'HS512' }, rs256.pem, claims(), 'sha512')],
  ['HS256 by an empty secret', hmac({ alg: 'HS256' }, '')],
  [
    'RS512 by the right key',
    await token({ ...rs256, algorithm: 'RS256' }, {}, {}).then((one) => renamed(one, 'RS512')),
  ],
  ['PS256 of the same kind of key', await token(await makePair('PS256'))],
  ['ES256 for RS256', await token(es256)],
  ['RS256 for ES256', good, byCurve],
  ['HS384 for HS256, by the right secret', hmac({ alg: 'HS384' }, secret, claims(), 'sha384'), bySecret],
  ['RS256 for a secret', good, bySecret],
  ['an ECDSA signature of zeros', `${encode({ alg: 'ES256' })}.${payload}.${encode('\0'.repeat(64))}`, byCurve],
  ['an ECDSA signature as DER', await derSignature(), byCurve],
  // The key.
  ['another key', await token(other)],
  ['another secret', hmac({ alg: 'HS256' }, new Uint8Array(32).fill(8)), bySecret],
  ['a shorter secret', hmac({ alg: 'HS256' }, new Uint8Array(31).fill(7)), bySecret],
  ['a key that the token brings', await token(other, {}, { jwk: await exportJWK(other.privateKey) })],
  ['the address of a key', await token(other, {}, { jku: 'https://evil.example/keys' })],
  ['the address of a certificate', await token(other, {}, { x5u: 'https://evil.example/cert' })],
  ['a key id that is a path', await token(other, {}, { kid: '../../../dev/null' })],
  // The signature.
  ['none at all', `${header}.${payload}.`],
  ['no dot behind the payload', `${header}.${payload}`],
  ['its first character', `${header}.${payload}.${swap(signature, 0)}`],
  ['a character in its middle', `${header}.${payload}.${swap(signature, 100)}`],
  ['bits of its last character that stand for nothing', `${header}.${payload}.${bump(signature)}`],
  ['a character cut off', good.slice(0, -1)],
  ['half of it', good.slice(0, -170)],
  ['four characters added', `${good}AAAA`],
  ['padding', `${good}==`],
  ['a part added', `${good}.AAAA`],
  ['an empty part added', `${good}.`],
  ['a space behind it', `${good} x`],
  ['base64 instead of base64url', good.replaceAll('-', '+').replaceAll('_', '/')],
  ['the signature of another token', `${header}.${encode(claims({ sub: 'bob' }))}.${signature}`],
  ['another header over the same signature', `${encode({ alg: 'RS256', typ: 'JWT' })}.${payload}.${signature}`],
  // The header.
  ['a header that is no base64', `!!!.${payload}.${signature}`],
  ['a header that is no JSON', `${encode('{')}.${payload}.${signature}`],
  ['a header that is a list', `${encode([])}.${payload}.${signature}`],
  ['a header that is null', `${encode('null')}.${payload}.${signature}`],
  ['no header', `.${payload}.${signature}`],
  [
    'what has to be understood and is not',
    await signed(JSON.stringify(claims()), { crit: ['x'], x: 1 }).catch(() => 'x'),
  ],
  ['what has to be understood, by hand', hmac({ alg: 'HS256', crit: ['exp'], exp: 1 }, secret), bySecret],
  ['an empty list of it', hmac({ alg: 'HS256', crit: [] }, secret), bySecret],
  ['a payload that is not encoded', hmac({ alg: 'HS256', b64: false, crit: ['b64'] }, secret), bySecret],
  // The claims, signed by the right key.
  ['no issuer', await token(rs256, { iss: undefined })],
  ['another issuer', await token(rs256, { iss: 'https://evil.example/' })],
  ['an issuer without its slash', await token(rs256, { iss: ISSUER.slice(0, -1) })],
  ['an issuer with a look-alike', await token(rs256, { iss: ISSUER.replace('e', 'е') })],
  ['a list of issuers', await token(rs256, { iss: [ISSUER] })],
  ['no audience', await token(rs256, { aud: undefined })],
  ['another audience', await token(rs256, { aud: 'mail' })],
  ['an audience that holds the right one', await token(rs256, { aud: `${AUDIENCE}-admin` })],
  ['an empty list of audiences', await token(rs256, { aud: [] })],
  ['an audience that is no text', await token(rs256, { aud: { [AUDIENCE]: true } })],
  ['no expiry', await token(rs256, { exp: undefined })],
  ['an expiry that is null', await token(rs256, { exp: null })],
  ['an expiry as text', await signed(JSON.stringify(claims({ exp: String(NOW + 3600) })))],
  ['an expiry that is a list', await signed(JSON.stringify(claims({ exp: [NOW + 3600] })))],
  ['not valid yet', await token(rs256, { nbf: NOW + 31 })],
  ['a start as text', await signed(JSON.stringify(claims({ nbf: '1' })))],
  ['claims that are a list', await signed('[]')],
  ['claims that are null', await signed('null')],
  ['claims that are no JSON', await signed('{')],
  ['claims that are no UTF-8', await signedBytes()],
  ['claims of a prototype', await signed(`{"__proto__":${JSON.stringify(claims())}}`)],
  ['no claims', await signed('{}')],
  ['an empty payload', await signed('')],
  // The field.
  ['no dots', 'abc'],
  ['dots alone', '..'],
  ['a dot', '.'],
  ['an encrypted token', await encrypted()],
  ['a quoted token', `"${good}"`],
  ['two tokens', `${good}, Bearer ${good}`],
  ['a token without end', 'a.'.repeat(5_000)],
  ['a token that is too long', `${header}.${'A'.repeat(16 * 1024)}.${signature}`],
];

test('the table has enough rows', () => {
  expect(rows.length).toBeGreaterThanOrEqual(80);
  expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length);
});

test('the tokens from which the rows are derived are valid', async () => {
  const made = [
    byPublicKey(withToken(good)),
    byPublicKey(withToken(await signed(JSON.stringify(claims())))),
    bySecret(withToken(hmac({ alg: 'HS256' }, secret))),
    byCurve(withToken(await token(es256))),
  ];
  for (const verdict of made) expect((await verdict).type).toBe('granted');
});

test.for(rows)('%s', async ([, text, rule = byPublicKey]) => {
  const verdict = await rule(withToken(text));
  // The same verdict, and so the same response, for each reason.
  expect(verdict).toEqual({ type: 'unauthenticated', challenges: ['Bearer realm="files", error="invalid_token"'] });
  if (verdict.type === 'granted') return;
  expect(toRefusalResponse(verdict)).toMatchObject({
    status: 401,
    detail: 'This request needs credentials that are valid.',
  });
});

test('expired is reported only for a token that is valid in all other respects', async () => {
  const late = { exp: NOW - 3600 };
  const told = async (text: string) => JSON.stringify(await byPublicKey(withToken(text))).includes('expired');
  expect(await told(await token(rs256, late))).toBe(true);
  expect(await told(await token(other, late))).toBe(false);
  expect(await told(await token(rs256, { ...late, aud: 'mail' }))).toBe(false);
  expect(await told(await token(rs256, { ...late, iss: 'https://evil.example/' }))).toBe(false);
});

test('a token outside Authorization is not used', async () => {
  for (const request of [
    requestFor(`/a?access_token=${good}`),
    requestFor('/a', { Cookie: `token=${good}`, 'X-Access-Token': good, 'Proxy-Authorization': `Bearer ${good}` }),
  ]) {
    expect(await byPublicKey(request)).toEqual({ type: 'unauthenticated', challenges: ['Bearer realm="files"'] });
  }
});

function der(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64');
}

function renamed(text: string, alg: string): string {
  return [encode({ alg }), ...text.split('.').slice(1)].join('.');
}

async function derSignature(): Promise<string> {
  const [head = '', body = '', raw = ''] = (await token(es256)).split('.');
  const bytes = Buffer.from(raw, 'base64url');
  const integer = (part: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), part]);
  const sequence = Buffer.concat([Buffer.from([48, 70]), integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]);
  return `${head}.${body}.${sequence.toString('base64url')}`;
}

async function signedBytes(): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(claims({ sub: 'é' })), 'latin1');
  return new CompactSign(bytes).setProtectedHeader({ alg: 'RS256' }).sign(rs256.privateKey);
}

async function encrypted(): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(good))
    .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256' })
    .encrypt(secret);
}

function swap(base64: string, at: number): string {
  return base64.slice(0, at) + (base64[at] === 'A' ? 'B' : 'A') + base64.slice(at + 1);
}

function bump(base64: string): string {
  return base64.slice(0, -1) + String.fromCharCode(base64.charCodeAt(base64.length - 1) + 1);
}
