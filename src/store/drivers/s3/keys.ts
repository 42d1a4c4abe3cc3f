import { MAX_KEY_BYTES } from '../../object-store.ts';

/**
 * Whether an object can have this key and be read by its address. An empty key would be a request to list the bucket;
 * NUL, lone surrogates and more than 1,024 bytes no S3 can hold. The segments `.` and `..` are removed from an address
 * by every implementation of URL (RFC 3986 §5.2.4), `fetch` among them: it would be the address of another object.
 */
export function isPossibleKey(key: string): boolean {
  if (key === '' || key.includes('\0') || /\p{Surrogate}/u.test(key)) return false;
  return !/(^|\/)\.\.?(\/|$)/.test(key) && new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}

/** A key as the path of an address: RFC 3986's unreserved characters (§2.3) and `/` stay, all other bytes are encoded. */
export function encodeKey(key: string): string {
  return encodeParameter(key).replaceAll('%2F', '/');
}

/** A name or value of a query, in the form that AWS signs. */
export function encodeParameter(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
