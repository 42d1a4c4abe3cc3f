import { createRemoteJWKSet, customFetch, errors, importSPKI, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { steadyTime } from '../base/clock.ts';
import type { Seconds } from '../http/index.ts';
import { settingsError } from '../base/settings-error.ts';

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

/** How long an issuer is left alone after its keys could not be had, in ms. */
const PAUSE = 5_000;

/** What jose verifies with. */
export type VerificationKey = CryptoKey | Uint8Array | JWTVerifyGetKey;

/**
 * How a key is come by.
 *
 * @throws SettingsError where it can't be one, as far as that shows without trying it
 */
export function keyLoader(key: JwtKey): () => Promise<VerificationKey> {
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

/** The algorithms that a key allows. */
export function algorithmsOf(key: JwtKey): string[] {
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
    // Not shown: some have a key of their own in the query.
    throw settingsError('jwt takes an https address of keys, such as https://issuer.example/.well-known/jwks.json');
  }
  let failed = Number.NEGATIVE_INFINITY;
  let fetched = Number.NEGATIVE_INFINITY;
  const isPaused = () => steadyTime() < failed + PAUSE;
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: maxAge * 1000,
    cooldownDuration: cooldown * 1000,
    // jose tries anew with every token; a flood of them is not passed on to an issuer that is down.
    [customFetch]: async (address, options) => {
      if (isPaused()) throw new Error('the keys could not be had a moment ago');
      const response = await fetch(address, options);
      fetched = steadyTime();
      return response;
    },
  });
  return async (header, token) => {
    try {
      // jose judges the keys' age by the wall clock alone, and one that is set back would keep a withdrawn key.
      if (keys.fresh && steadyTime() - fetched >= maxAge * 1000) await keys.reload();
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      if (!isPaused()) failed = steadyTime();
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

/** Whether a key could not be had, or is none: no fault of the token that was to be verified. */
export function isKeysError(error: unknown): boolean {
  return error instanceof Error && error.name === 'JwtKeysError';
}
