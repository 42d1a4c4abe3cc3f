import { equalInConstantTime } from './constant-time.ts';
import { parseBase64Url, printBase64Url } from './base64url.ts';
import { lruMap } from '../base/lru-map.ts';
import { settingsError } from '../base/settings-error.ts';

/** A key that signs links. The secret is inside, and nothing gets it out again. */
export interface LinkKey {
  /** Stands in every link, so it is no secret. */
  readonly id: string;
  /** HMAC-SHA-256 of a text's UTF-8, 32 bytes. */
  sign(text: string): Promise<Uint8Array>;
  /** Takes the same time whatever the signature is. */
  verify(signature: Uint8Array<ArrayBuffer>, text: string): Promise<boolean>;
}

/** The first signs; all verify, so that links of the last key live on after a change. */
export type LinkKeys = readonly [LinkKey, ...LinkKey[]];

export const KEY_ID = /^[\w-]{1,32}$/;

/** In bytes. As long as the hash at the least (RFC 2104 §3), and one block of it at the most: longer gets no stronger. */
const MIN_SECRET = 32;
const MAX_SECRET = 64;

const MAX_KEYS = 32;

/**
 * Reads keys from a file or a variable: `id:secret` each, the secret as base64url, separated by white space. Behind
 * a `#`, the rest of a line is a comment.
 *
 * @throws SettingsError that says which entry is wrong and what it takes, and never what it is
 */
export function parseLinkKeys(text: string): LinkKeys {
  const entries = text.replace(/#.*/g, '').split(/\s+/).filter(Boolean);
  const [first, ...others] = entries.map(parseEntry);
  if (first === undefined) throw settingsError('there is no key for links; rangeway keygen makes one');
  if (others.length >= MAX_KEYS) throw settingsError(`there are more than ${MAX_KEYS} keys for links`);
  const keys: LinkKeys = [first, ...others];
  const twice = keys.find(({ id }, i) => keys.findIndex((key) => key.id === id) !== i);
  if (twice !== undefined) throw settingsError(`two keys for links have the id ${twice.id}; each takes its own`);
  return keys;
}

function parseEntry(entry: string, index: number): LinkKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0));
  if (!KEY_ID.test(id)) {
    // Not even the beginning is shown: what has no id may be the secret alone.
    throw settingsError(
      `key ${index + 1} for links takes id:secret, the id 1 to 32 letters, digits, - and _; rangeway keygen makes one`,
    );
  }
  const secret = parseBase64Url(entry.slice(colon + 1));
  if (secret === undefined || secret.length < MIN_SECRET || secret.length > MAX_SECRET) {
    throw settingsError(
      `key ${id} for links takes ${MIN_SECRET} to ${MAX_SECRET} bytes as base64url without padding; rangeway keygen makes one`,
    );
  }
  return linkKey(id, secret);
}

/** `CryptoKey`, by a name that Node's types and workerd's both have. */
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

function linkKey(id: string, secret: Uint8Array<ArrayBuffer>): LinkKey {
  let imported: HmacKey | undefined;
  const signatures = lruMap<Uint8Array>(PROVEN);
  // The key is kept and not the promise of it, which on Workers belongs to one request.
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
      const proven = signatures.get(text);
      // A text has one signature.
      if (proven !== undefined) return equalInConstantTime(proven, signature);
      const holds = await crypto.subtle.verify('HMAC', await load(), signature, new TextEncoder().encode(text));
      if (holds) signatures.set(text, signature);
      return holds;
    },
  };
}

/**
 * Texts whose signatures are remembered, the last that were proven. A link is sent with every range of a download, and
 * proving it takes 95 µs of CPU on Node.
 */
const PROVEN = 256;

/**
 * Makes a key of 256 random bits, as an entry that {@link parseLinkKeys} reads.
 *
 * @throws RangeError where the id is none
 */
export function generateLinkKey(id: string): string {
  if (!KEY_ID.test(id)) throw new RangeError('the id of a key takes 1 to 32 letters, digits, - and _');
  return `${id}:${printBase64Url(crypto.getRandomValues(new Uint8Array(MIN_SECRET)))}`;
}
