import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { Seconds } from '../http/index.ts';
import { granted, refused, type AccessRule, type AccessVerdict } from './access.ts';
import { parseBase64Url } from './base64url.ts';
import { printChallenge } from './challenge.ts';
import { algorithmsOf, isKeysError, keyLoader, type JwtKey, type VerificationKey } from './jwt-key.ts';
import { isWithin, plainPath } from './path.ts';
import { settingsError } from '../base/settings-error.ts';

export type { JwtKey, PublicAlgorithm, SecretAlgorithm } from './jwt-key.ts';

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

async function verify(token: string, key: VerificationKey, options: JWTVerifyOptions): Promise<JWTPayload> {
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
