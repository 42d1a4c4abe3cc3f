import { createRemoteJWKSet, customFetch, errors, importSPKI, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { steadyTime } from '../base/clock.ts';
import type { Seconds } from '../http/index.ts';
import { settingsError } from '../base/settings-error.ts';

/** Symmetric algorithms with the shortest allowed secret in bytes (RFC 7518 §3.2). */
const SECRET_BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** An algorithm with a secret that the issuer and the gateway share. */
export type SecretAlgorithm = keyof typeof SECRET_BYTES;

/** An algorithm with a key pair of the issuer. EdDSA and Ed25519 are two names of one algorithm (RFC 9864). */
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
 * The key that tokens are verified with. It decides which algorithms are allowed, and the token's header never does. So
 * a public key is never used as a secret, and `none` is never accepted (RFC 8725 §3.1).
 */
export type JwtKey =
  | {
      readonly type: 'secret';
      /** Text is encoded as UTF-8, as most libraries do. */
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
      /** URL of the issuer's key set (RFC 7517 §5): https, or http for the local machine. */
      readonly url: string;
      /** By default RS256, ES256, EdDSA and Ed25519. */
      readonly algorithms?: readonly PublicAlgorithm[] | undefined;
      /** Seconds after which the key set is fetched again. By default 600. */
      readonly maxAge?: Seconds | undefined;
      /**
       * If a token's key is not in the set, the set is fetched again, at most once in this many seconds. By default 30.
       */
      readonly cooldown?: Seconds | undefined;
    };

/** Pause after a failed fetch of the key set, in ms. */
const PAUSE = 5_000;

/** A key in the form that jose takes. */
export type VerificationKey = CryptoKey | Uint8Array | JWTVerifyGetKey;

/**
 * Makes the function that loads a key. Loading imports a PEM or makes the client of a key set once.
 *
 * @returns a function that rejects if the PEM can't be imported; {@link isKeysError} recognises the error
 * @throws SettingsError if the key is invalid, as far as this is visible before its first use
 */
export function keyLoader(key: JwtKey): () => Promise<VerificationKey> {
  switch (key.type) {
    case 'secret': {
      const secret = toSecret(key.secret, key.algorithm ?? 'HS256');
      return async () => secret;
    }
    case 'public': {
      const { pem, algorithm } = key;
      if (!pem.includes('-----BEGIN PUBLIC KEY-----')) {
        throw settingsError('jwt takes a public key as PEM, SPKI', 'key.pem');
      }
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

/** Returns the algorithms that a key allows. */
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
    throw settingsError('jwt takes no PEM as a secret: a public key is known to all', 'key.secret');
  }
  const minimum = SECRET_BYTES[algorithm];
  if (bytes.length < minimum) {
    throw settingsError(`jwt takes a secret of ${minimum} bytes at the least for ${algorithm}`, 'key.secret');
  }
  return bytes;
}

/** Makes the client of an issuer's key set, which is fetched on first use. Its failures are reported as keys errors. */
function remoteKeys({ url, maxAge = 600, cooldown = 30 }: Extract<JwtKey, { readonly type: 'jwks' }>): JWTVerifyGetKey {
  if (!/^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/])/.test(url) || !URL.canParse(url)) {
    // The message does not contain the URL, because some URLs have an API key in their query.
    throw settingsError(
      'jwt takes an https address of keys, such as https://issuer.example/.well-known/jwks.json',
      'key.url',
    );
  }
  let failedAt = Number.NEGATIVE_INFINITY;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  const isPaused = () => steadyTime() < failedAt + PAUSE;
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: maxAge * 1000,
    cooldownDuration: cooldown * 1000,
    // jose fetches again for each token. The pause limits the requests to an issuer that is down.
    [customFetch]: async (address, options) => {
      if (isPaused()) throw new Error('the keys could not be had a moment ago');
      const response = await fetch(address, options);
      fetchedAt = steadyTime();
      return response;
    },
  });
  return async (header, token) => {
    try {
      // jose computes the age from the wall clock alone. If that is set back, a withdrawn key would stay in use.
      if (keys.fresh && steadyTime() - fetchedAt >= maxAge * 1000) await keys.reload();
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      if (!isPaused()) failedAt = steadyTime();
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

/** Whether an error is about the key, which could not be fetched or imported, and not about the token. */
export function isKeysError(error: unknown): boolean {
  return error instanceof Error && error.name === 'JwtKeysError';
}
