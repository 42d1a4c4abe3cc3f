import { MAX_KEY_BYTES } from '../../object-store.ts';

/**
 * Returns whether an object can have this key and be read by its URL. A request with an empty key would list the
 * bucket. No S3 storage has keys with NUL, with lone surrogates, or of more than 1,024 bytes. `fetch`, as every
 * implementation of URLs, removes the segments `.` and `..` (RFC 3986 §5.2.4), and would read another object.
 */
export function isReadableKey(key: string): boolean {
  if (key === '' || key.includes('\0') || /\p{Surrogate}/u.test(key)) return false;
  return !/(^|\/)\.\.?(\/|$)/.test(key) && new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}

/**
 * Encodes a key as the path of a URL. The unreserved characters of RFC 3986 (§2.3) and `/` stay; all other bytes are
 * encoded.
 */
export function encodeKey(key: string): string {
  return encodeParameter(key).replaceAll('%2F', '/');
}

/** Encodes a name or value of a query in the form that AWS signs. */
export function encodeParameter(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
