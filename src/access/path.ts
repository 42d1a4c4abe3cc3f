/** Longest path in characters. A key and the path of its mount are shorter, even if every byte is percent-encoded. */
const MAX_LENGTH = 8 * 1024;

const ENCODED_SLASH = /%2f/i;
/** A segment `.` or `..` in a decoded path, between slashes or backslashes. */
export const DOT_SEGMENT = /(?:^|[/\\])\.\.?(?:[/\\]|$)/;
// oxlint-disable-next-line no-control-regex -- the pattern has to match control characters
const CONTROL = /[\0-\x1f\x7f]/;

/**
 * Decodes a path for comparison in access rules: one percent-decoding, as for keys, and no other normalization. `//`,
 * case and Unicode forms do not change, since storages distinguish them.
 *
 * An encoded slash is rejected, because a router treats it as part of a segment: `/a%2Fb` and `/a/b` may lead to
 * different mounts, and one signature would be valid for two objects. Control characters are rejected, because a line
 * feed would add a line to the signed text.
 *
 * @param path percent-encoded, as it was sent
 * @returns `undefined` if the path is ambiguous or malformed, and rules have to refuse it
 */
export function decodeAccessPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.length > MAX_LENGTH || ENCODED_SLASH.test(path)) return undefined;
  const decoded = decodePath(path);
  return decoded === undefined || CONTROL.test(decoded) || DOT_SEGMENT.test(decoded) ? undefined : decoded;
}

/**
 * Percent-decodes a path once.
 *
 * @returns `undefined` if it is not percent-encoded UTF-8
 */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * Whether a path is allowed.
 *
 * @param path decoded
 * @param allowed a decoded path; if it ends in a slash, all paths below it are allowed
 */
export function isWithin(path: string, allowed: string): boolean {
  return allowed.endsWith('/') ? path.startsWith(allowed) : path === allowed;
}
