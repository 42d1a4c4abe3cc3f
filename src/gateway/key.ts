/** The key that a path names, or why it can't name one. */
export type KeyResult =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'unsafe'; readonly detail: string };

/** S3's and R2's limit, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

const DOT_SEGMENT = /(?:^|[/\\])\.\.?(?:[/\\]|$)/;

/**
 * Turns the path of a URL, without its first slash and still percent-encoded, into a key. An encoded slash is a slash
 * like any other: storages know no difference, and a second name for an object would be a second cache entry.
 */
export function toKey(path: string): KeyResult {
  const key = decode(path);
  if (key === undefined) return unsafe('The path is not percent-encoded UTF-8.');
  if (key.includes('\0')) return unsafe('The path has a NUL character in it.');
  // The URL parser has resolved those in plain sight; what is left was hidden by encoding.
  if (DOT_SEGMENT.test(key)) return unsafe('The path has a "." or ".." segment in it.');
  // A UTF-16 unit makes 1 byte of UTF-8 at the least, which spares encoding a path of any length.
  if (key.length > MAX_KEY_BYTES || new TextEncoder().encode(key).length > MAX_KEY_BYTES) {
    return unsafe(`The path is longer than a key can be, ${MAX_KEY_BYTES} bytes of UTF-8.`);
  }
  return { type: 'key', key };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function unsafe(detail: string): KeyResult {
  return { type: 'unsafe', detail };
}
