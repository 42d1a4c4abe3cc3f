import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { Fields, Seconds } from '../http/index.ts';
import { granted, refused, type AccessRule, type AccessVerdict } from './access.ts';
import { decodeBase64Url } from './base64url.ts';
import { printChallenge } from './challenge.ts';
import { algorithmsOf, isKeysError, keyLoader, type JwtKey, type VerificationKey } from './jwt-key.ts';
import { isWithin, decodeAccessPath } from './path.ts';
import { settingsError } from '../base/settings-error.ts';

export type { JwtKey, PublicAlgorithm, SecretAlgorithm } from './jwt-key.ts';

/** Options of {@link jwtAccess}: the tokens that are accepted. */
export interface JwtOptions {
  /** The key that tokens are verified with. */
  readonly key: JwtKey;
  /** Accepted issuers: `iss` of a token has to be one of them. */
  readonly issuer: string | readonly string[];
  /** Accepted audiences: `aud` of a token has to contain one of them. */
  readonly audience: string | readonly string[];
  /**
   * Name of the claim that lists the paths that may be read: one decoded path or several, including the path of the
   * mount. A path that ends in a slash includes everything below it. A token without the claim may read nothing.
   * Without this option, a token may read all paths.
   */
  readonly pathsClaim?: string | undefined;
  /** Accepted difference between the issuer's clock and this one, in seconds. By default 30. */
  readonly clockTolerance?: Seconds | undefined;
  /** Realm of the challenge (§11.5). By default `files`. */
  readonly realm?: string | undefined;
}

/** Longest Authorization field, in characters. Tokens with many groups have a few thousand. */
const MAX_LENGTH = 16 * 1024;

const BEARER = /^bearer(?: +(.*))?$/i;

/**
 * Makes a rule that grants requests with a bearer token of certain issuers (RFC 7519, RFC 6750 §2.1). A token needs
 * `exp`: one without it would be valid for ever.
 *
 * @throws SettingsError if the key is invalid, or if issuer or audience is empty
 *
 * @example
 * import { createGateway, memoryStore } from 'rangeway';
 * import { jwtAccess } from 'rangeway/jwt';
 *
 * const access = jwtAccess({
 *   key: { type: 'jwks', url: 'https://issuer.example/.well-known/jwks.json' },
 *   issuer: 'https://issuer.example/',
 *   audience: 'downloads',
 * });
 * export default createGateway({ store: memoryStore(), access });
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
    const fields: Fields = headers;
    const field = fields.get('Authorization') ?? '';
    if (field.length > MAX_LENGTH) return challenges.invalid;
    const token = BEARER.exec(field)?.[1];
    if (token === undefined) return challenges.missing;
    if (!isCompact(token)) return challenges.invalid;
    try {
      const claims = await verify(token, await load(), { ...checks, currentDate: new Date(now * 1000) });
      if (pathsClaim !== undefined && !mayRead(claims, pathsClaim, path)) return refused('forbidden');
      const user = typeof claims.sub === 'string' ? claims.sub : undefined;
      // `exp` is checked, and may have a fraction.
      return granted({ isPrivate: true, user, expires: Math.floor((claims.exp ?? now) + clockTolerance) });
    } catch (error) {
      if (isKeysError(error)) return { type: 'unavailable', cause: error };
      // jose checks the times after the signature, issuer and audience, so only a genuine token is reported as expired.
      return error instanceof errors.JWTExpired ? challenges.expired : challenges.invalid;
    }
  };
}

/** Checks the compact form (RFC 7515 §7.1). jose also accepts padding and several encodings of one signature. */
function isCompact(token: string): boolean {
  const signature = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(token)?.[1];
  return signature !== undefined && decodeBase64Url(signature) !== undefined;
}

function challenge(parameters: Readonly<Record<string, string>>): AccessVerdict {
  return { type: 'unauthenticated', challenges: [printChallenge('Bearer', parameters)] };
}

function toList(name: string, value: string | readonly string[]): string[] {
  const list = typeof value === 'string' ? [value] : [...value];
  if (list.length > 0 && !list.includes('')) return list;
  const text = `jwt takes the ${name} of its tokens: any other issuer's, or any other service's, would do`;
  throw settingsError(text, name);
}

function mayRead(claims: JWTPayload, name: string, path: string): boolean {
  const plain = decodeAccessPath(path);
  // Own properties only, so that `constructor` and other inherited names are no claims.
  const claim: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const allowed: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return plain !== undefined && allowed.some((entry) => typeof entry === 'string' && isWithin(plain, entry));
}

async function verify(token: string, key: VerificationKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  if (typeof key !== 'function') return (await jwtVerify(token, key, options)).payload;
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return verifyWithAny(token, error, options);
  }
}

/** Tries all matching keys: a token may name no key while the issuer has several, such as during a key rotation. */
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
