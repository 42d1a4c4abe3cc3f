import { exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { JwtOptions, PublicAlgorithm } from '../../src/access/jwt.ts';
import { granted, type AccessRequest, type AccessVerdict } from '../../src/access/access.ts';
import { NOW, requestFor } from './request.ts';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'files';

/** A key pair, and the options of a rule for it. */
export interface Pair {
  readonly algorithm: PublicAlgorithm;
  readonly privateKey: CryptoKey;
  readonly pem: string;
}

export async function makePair(algorithm: PublicAlgorithm): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, privateKey, pem: await exportSPKI(publicKey) };
}

/** Options of a rule that accepts tokens signed with a key pair. */
export function optionsFor({ algorithm, pem }: Pair, others: Partial<JwtOptions> = {}): JwtOptions {
  return { key: { type: 'public', pem, algorithm }, issuer: ISSUER, audience: AUDIENCE, ...others };
}

/** The claims of a token that is valid for an hour; `undefined` leaves a claim out. */
export function claims(others: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { iss: ISSUER, aud: AUDIENCE, iat: NOW - 60, exp: NOW + 3600, sub: 'ann', ...others };
}

export async function token(
  { algorithm, privateKey }: { readonly algorithm: string; readonly privateKey: CryptoKey | Uint8Array },
  others: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims(others)).setProtectedHeader({ alg: algorithm, ...header }).sign(privateKey);
}

/** The verdict on a token: a grant that ends with it, as far as the tolerance for clocks allows. */
export function grantedUntil(exp: number = NOW + 3600, tolerance = 30): AccessVerdict {
  return granted({ isPrivate: true, user: 'ann', expires: exp + tolerance });
}

/** A GET with a token. */
export function withToken(text: string, path = '/files/a.bin', others: Partial<AccessRequest> = {}): AccessRequest {
  return requestFor(path, { Authorization: `Bearer ${text}` }, others);
}
