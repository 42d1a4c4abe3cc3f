import { equalInConstantTime } from './constant-time.ts';
import { decodeBase64Url, encodeBase64Url } from './base64url.ts';
import { lruMap } from '../base/lru-map.ts';
import { settingsError } from '../base/settings-error.ts';

/** A key that signs links. It does not expose its secret. */
export interface LinkKey {
  /** Part of every link, so it is not secret. */
  readonly id: string;
  /** Computes HMAC-SHA-256 of the text in UTF-8: 32 bytes. */
  sign(text: string): Promise<Uint8Array>;
  /** Whether `sign(text)` is this signature. The time does not depend on the signature. */
  verify(signature: Uint8Array<ArrayBuffer>, text: string): Promise<boolean>;
}

/**
 * Keys for links, one at the least. The first key signs. All keys verify, so that links of a previous key stay valid
 * after a key rotation.
 */
export type LinkKeys = readonly [LinkKey, ...LinkKey[]];

/** Form of a key's id. */
export const KEY_ID = /^[\w-]{1,32}$/;

/** Shortest secret in bytes: the length of the hash (RFC 2104 §3). */
const MIN_SECRET = 32;
/** Longest secret in bytes: one block of the hash. A longer one is hashed first and adds no strength (RFC 2104 §3). */
const MAX_SECRET = 64;

const MAX_KEYS = 32;

/**
 * Parses link keys from the content of a file or a variable. Each entry is `id:secret`, with the secret in base64url,
 * and entries are separated by white space. A `#` begins a comment that ends with the line.
 *
 * @throws SettingsError that names the invalid entry and the expected form, without the content of the entry
 *
 * @example
 * import { parseLinkKeys } from 'rangeway';
 *
 * // RANGEWAY_KEYS has an entry of `rangeway keygen`.
 * export const keys = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 */
export function parseLinkKeys(text: string): LinkKeys {
  const entries = text.replace(/#.*/g, '').split(/\s+/).filter(Boolean);
  const [first, ...others] = entries.map(parseEntry);
  if (first === undefined) throw settingsError('there is no key for links; rangeway keygen makes one');
  if (others.length >= MAX_KEYS) throw settingsError(`there are more than ${MAX_KEYS} keys for links`);
  const keys: LinkKeys = [first, ...others];
  const duplicate = keys.find(({ id }, i) => keys.findIndex((key) => key.id === id) !== i);
  if (duplicate !== undefined)
    throw settingsError(`two keys for links have the id ${duplicate.id}; each takes its own`);
  return keys;
}

function parseEntry(entry: string, index: number): LinkKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0));
  if (!KEY_ID.test(id)) {
    // The message shows no part of the entry: an entry without an id may be the secret alone.
    throw settingsError(
      `key ${index + 1} for links takes id:secret, the id 1 to 32 letters, digits, - and _; rangeway keygen makes one`,
    );
  }
  const secret = decodeBase64Url(entry.slice(colon + 1));
  if (secret === undefined || secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
    throw settingsError(
      `key ${id} for links takes ${MIN_SECRET} to ${MAX_SECRET} bytes as base64url without padding; rangeway keygen makes one`,
    );
  }
  return linkKey(id, secret);
}

/** The type `CryptoKey`, in a form that the types of Node and of workerd both have. */
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

function linkKey(id: string, secret: Uint8Array<ArrayBuffer>): LinkKey {
  let imported: HmacKey | undefined;
  const verifiedSignatures = lruMap<Uint8Array>(MAX_VERIFIED);
  // Stores the key and not its promise: on Workers, a promise belongs to one request.
  const load = async () =>
    (imported ??= await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ]));
  return {
    id,
    sign: async (text) =>
      new Uint8Array(await crypto.subtle.sign('HMAC', await load(), new TextEncoder().encode(text))),
    async verify(signature, text) {
      const verified = verifiedSignatures.get(text);
      // A text has only one valid signature.
      if (verified !== undefined) return equalInConstantTime(verified, signature);
      const isValid = await crypto.subtle.verify('HMAC', await load(), signature, new TextEncoder().encode(text));
      if (isValid) verifiedSignatures.set(text, signature);
      return isValid;
    },
  };
}

/**
 * Number of cached signatures that were verified last. Every range request of a download sends its link again, and
 * verifying it takes 95 µs of CPU on Node.
 */
const MAX_VERIFIED = 256;

/**
 * Generates a link key with a random secret of 256 bits.
 *
 * @param id 1 to 32 letters, digits, `-` and `_`
 * @returns `id:secret`, an entry for {@link parseLinkKeys}. Store it as a secret.
 * @throws RangeError if the id is invalid
 *
 * @example
 * import { generateLinkKey } from 'rangeway';
 *
 * console.log(generateLinkKey('2026-11'));
 */
export function generateLinkKey(id: string): string {
  if (!KEY_ID.test(id)) throw new RangeError('the id of a key takes 1 to 32 letters, digits, - and _');
  return `${id}:${encodeBase64Url(crypto.getRandomValues(new Uint8Array(MIN_SECRET)))}`;
}
