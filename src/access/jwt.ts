import { createRemoteJWKSet, customFetch, errors, importSPKI, jwtVerify } from 'jose';
import type { CryptoKey, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import type { Seconds } from '../http/index.ts';
import { granted, refused, type AccessRule, type AccessVerdict } from './access.ts';
import { parseBase64Url } from './base64url.ts';
import { printChallenge } from './challenge.ts';
import { isWithin, plainPath } from './path.ts';
import { settingsError } from './settings-error.ts';

/** Algorithms by a secret that issuer and gateway share, and the shortest secret in bytes (RFC 7518 §3.2). */
const SECRET_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;

export type SecretAlgorithm = keyof typeof SECRET_BYTES;

/** Algorithms by a private key of the issuer's. EdDSA and Ed25519 are two names of one (RFC 9864). */
export type PublicAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

/**
 * What tokens are verified with. The kind of key says which algorithms are allowed, never the token: a public key is
 * never taken for a secret, and `none` is not among them.
 */
export type JwtKey =
  | {
      readonly type: 'secret';
      /** Text is taken as its UTF-8, as most libraries take it. */
      readonly secret: string | Uint8Array;
      /** By default HS256. */
      readonly algorithm?: SecretAlgorithm | undefined;
    }
  | {
      readonly type: 'public';
      /** SubjectPublicKeyInfo, `-----BEGIN PUBLIC KEY-----`. */
      readonly pem: string;
      readonly algorithm: PublicAlgorithm;
    }
  | {
      readonly type: 'jwks';
      /** Of the issuer's key set (RFC 7517 §5). https, or http on this machine. */
      readonly url: string;
      /** By default RS256, ES256, EdDSA and Ed25519. */
      readonly algorithms?: readonly PublicAlgorithm[] | undefined;
      /** How long keys are used before they are fetched again. By default 600. */
      readonly maxAge?: Seconds | undefined;
      /** A key that is not in the set makes it be fetched again, though not sooner than this. By default 30. */
      readonly cooldown?: Seconds | undefined;
    };

/** Which tokens are accepted. */
export interface JwtOptions {
  readonly key: JwtKey;
  /** Who has to have issued the token: its `iss` is one of these. */
  readonly issuer: string | readonly string[];
  /** Whom it has to be for: one of these is in its `aud`. */
  readonly audience: string | readonly string[];
  /**
   * The claim that lists what may be read: a decoded path, or several, with the mount's in front; one that ends in a
   * slash is for everything below. A token without the claim reads nothing. Without this option, all may be read.
   */
  readonly pathsClaim?: string | undefined;
  /** How far the issuer's clock may be off. By default 30. */
  readonly clockTolerance?: Seconds | undefined;
  readonly realm?: string | undefined;
}

/** Of an Authorization field, in characters. Tokens with many groups have a few thousand. */
const MAX_LENGTH = 16 * 1024;

const BEARER = /^bearer(?: +(.*))?$/i;

/** How long an issuer is left alone after its keys could not be had, in ms. */
const PAUSE = 5_000;

/**
 * Requests with a token of this issuer may read (RFC 7519, RFC 6750 §2.1). A token has to expire, or it would open
 * for ever.
 *
 * @throws SettingsError where the key can't be one, or issuer or audience is missing
 */
export function jwtAccess({ pathsClaim, realm = 'files', clockTolerance = 30, ...options }: JwtOptions): AccessRule {
  const load = keyLoader(options.key);
  const checks = {
    algorithms: algorithmsOf(options.key),
    issuer: toList('issuer', options.issuer),
    audience: toList('audience', options.audience),
    clockTolerance,
    requiredClaims: ['exp'],
  };
  const challenges = {
    missing: challenge({ realm }),
    invalid: challenge({ realm, error: 'invalid_token' }),
    expired: challenge({ realm, error: 'invalid_token', error_description: 'The token has expired' }),
  };
  return async ({ headers, path, now }) => {
    const field = headers.get('Authorization') ?? '';
    if (field.length > MAX_LENGTH) return challenges.invalid;
    const token = BEARER.exec(field)?.[1];
    if (token === undefined) return challenges.missing;
    if (!isCompact(token)) return challenges.invalid;
    try {
      const claims = await verify(token, await load(), { ...checks, currentDate: new Date(now * 1000) });
      return pathsClaim === undefined || mayRead(claims, pathsClaim, path) ? granted() : refused('forbidden');
    } catch (error) {
      if (isKeysError(error)) return { type: 'unavailable', cause: error };
      // jose looks at times after the signature, issuer and audience.
      return error instanceof errors.JWTExpired ? challenges.expired : challenges.invalid;
    }
  };
}

/** Stricter than jose, which takes padding and several spellings of one signature. */
function isCompact(token: string): boolean {
  const signature = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(token)?.[1];
  return signature !== undefined && parseBase64Url(signature) !== undefined;
}

function challenge(parameters: Readonly<Record<string, string>>): AccessVerdict {
  return { type: 'unauthenticated', challenges: [printChallenge('Bearer', parameters)] };
}

function toList(name: string, value: string | readonly string[]): string[] {
  const list = typeof value === 'string' ? [value] : [...value];
  if (list.length > 0 && !list.includes('')) return list;
  throw settingsError(`jwt takes the ${name} of its tokens: any other issuer's, or any other service's, would do`);
}

function mayRead(claims: JWTPayload, name: string, path: string): boolean {
  const plain = plainPath(path);
  // A claim is looked up as the token's own, so that `constructor` and its like name nothing.
  const claim: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const allowed: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return plain !== undefined && allowed.some((one) => typeof one === 'string' && isWithin(plain, one));
}

type Key = CryptoKey | Uint8Array | JWTVerifyGetKey;

/** @throws SettingsError where the key can't be one, as far as that shows without trying it */
function keyLoader(key: JwtKey): () => Promise<Key> {
  switch (key.type) {
    case 'secret': {
      const secret = toSecret(key.secret, key.algorithm ?? 'HS256');
      return async () => secret;
    }
    case 'public': {
      const { pem, algorithm } = key;
      if (!pem.includes('-----BEGIN PUBLIC KEY-----')) throw settingsError('jwt takes a public key as PEM, SPKI');
      let imported: CryptoKey | undefined;
      return async () => {
        imported ??= await importSPKI(pem, algorithm).catch((cause: unknown) => {
          throw keysError(`the public key is none for ${algorithm}`, cause);
        });
        return imported;
      };
    }
    case 'jwks': {
      const keys = remoteKeys(key);
      return async () => keys;
    }
  }
}

function algorithmsOf(key: JwtKey): string[] {
  switch (key.type) {
    case 'secret':
      return [key.algorithm ?? 'HS256'];
    case 'public':
      return [key.algorithm];
    case 'jwks':
      return [...(key.algorithms ?? ['RS256', 'ES256', 'EdDSA', 'Ed25519'])];
  }
}

function toSecret(secret: string | Uint8Array, algorithm: SecretAlgorithm): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (typeof secret === 'string' && secret.trimStart().startsWith('-----BEGIN')) {
    throw settingsError('jwt takes no PEM as a secret: a public key is known to all');
  }
  const least = SECRET_BYTES[algorithm];
  if (bytes.length < least) throw settingsError(`jwt takes a secret of ${least} bytes at the least for ${algorithm}`);
  return bytes;
}

/** The issuer's keys, fetched when they are first needed. What is wrong with them is not the token's fault. */
function remoteKeys({ url, maxAge = 600, cooldown = 30 }: Extract<JwtKey, { readonly type: 'jwks' }>): JWTVerifyGetKey {
  if (!/^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/])/.test(url) || !URL.canParse(url)) {
    throw settingsError(`jwt takes an https address of keys, not ${JSON.stringify(url).slice(0, 80)}`);
  }
  let failed = Number.NEGATIVE_INFINITY;
  const isPaused = () => Date.now() < failed + PAUSE;
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: maxAge * 1000,
    cooldownDuration: cooldown * 1000,
    // jose tries anew with every token; a flood of them is not passed on to an issuer that is down.
    [customFetch]: async (address, options) => {
      if (isPaused()) throw new Error('the keys could not be had a moment ago');
      return fetch(address, options);
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      if (!isPaused()) failed = Date.now();
      throw keysError(`the keys of ${new URL(url).host} can not be had`, error);
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function keysError(message: string, cause: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'JwtKeysError' });
}

function isKeysError(error: unknown): boolean {
  return error instanceof Error && error.name === 'JwtKeysError';
}

async function verify(token: string, key: Key, options: JWTVerifyOptions): Promise<JWTPayload> {
  if (typeof key !== 'function') return (await jwtVerify(token, key, options)).payload;
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return verifyWithAny(token, error, options);
  }
}

/** A token that names no key, of an issuer with several that fit, as in the days of a change. */
async function verifyWithAny(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const candidate of candidates) {
    try {
      return (await jwtVerify(token, candidate, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}
