import { MAX_KEY_BYTES } from './object-store.ts';

/** The path segment that is kept for Rangeway itself: its own addresses, and the piece indexes in buckets and folders. */
export const RESERVED_SEGMENT = '.rangeway';

/**
 * Whether a key, or the decoded path of an address without its first slash, is kept for Rangeway itself: one of its
 * segments is {@link RESERVED_SEGMENT}, since mounts and settings have prefixes. No object of such a key is served,
 * listed or indexed.
 */
export function isReservedKey(key: string): boolean {
  return key.includes(RESERVED_SEGMENT) && key.split('/').includes(RESERVED_SEGMENT);
}

/**
 * Whether an object can have this key and be read by its address. A request with an empty key would list the bucket. No
 * storage has keys with NUL, with lone surrogates, or of more than 1,024 bytes. `fetch`, as every implementation of URLs,
 * removes the segments `.` and `..` (RFC 3986 §5.2.4), and would read another object.
 */
export function isReadableKey(key: string): boolean {
  if (key === '' || key.includes('\0') || /\p{Surrogate}/u.test(key)) return false;
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(key)) return false;
  // A UTF-16 unit takes at most 3 bytes of UTF-8.
  return key.length * 3 <= MAX_KEY_BYTES || new TextEncoder().encode(key).length <= MAX_KEY_BYTES;
}
