import { decodePath, DOT_SEGMENT } from '../access/path.ts';
import { MAX_KEY_BYTES } from '../store/object-store.ts';

/** What a path stands for, or why it can't stand for anything. */
export type PathResult =
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'unsafe'; readonly detail: string };

/**
 * Decodes the path of a URL, without its first slash. An encoded slash is a slash like any other: storages know no
 * difference, a second name for an object would be a second cache entry, and a way around the mount that guards it.
 */
export function toPath(encoded: string): PathResult {
  const path = decodePath(encoded);
  if (path === undefined) return unsafe('The path is not percent-encoded UTF-8.');
  if (path.includes('\0')) return unsafe('The path has a NUL character in it.');
  // The URL parser has resolved those in plain sight; what is left was hidden by encoding.
  if (DOT_SEGMENT.test(path)) return unsafe('The path has a "." or ".." segment in it.');
  return { type: 'path', path };
}

/** Whether a storage can hold a key of this length; if not, why. */
export function explainKey(key: string): string | undefined {
  // A UTF-16 unit makes 1 to 3 bytes of UTF-8, which spares encoding a path that is surely too long or short enough.
  const isShort = key.length * 3 <= MAX_KEY_BYTES;
  const isTooLong = !isShort && (key.length > MAX_KEY_BYTES || new TextEncoder().encode(key).length > MAX_KEY_BYTES);
  return isTooLong ? `The path is longer than a key can be, ${MAX_KEY_BYTES} bytes of UTF-8.` : undefined;
}

function unsafe(detail: string): PathResult {
  return { type: 'unsafe', detail };
}
