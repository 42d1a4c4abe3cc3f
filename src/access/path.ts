/** Longer than a key and its mount can be, encoded three characters a byte. */
const MAX_LENGTH = 8 * 1024;

const ENCODED_SLASH = /%2f/i;
/** A segment that stands for its folder or for the one above, in a decoded path. */
export const DOT_SEGMENT = /(?:^|[/\\])\.\.?(?:[/\\]|$)/;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\0-\x1f\x7f]/;

/**
 * The text that a path stands for, as rules compare it: percent-decoded once, as the gateway makes keys, and nothing
 * else. `//`, case and Unicode forms are left alone, since storages tell them apart.
 *
 * An encoded slash is refused though keys know none: routers take it for a part of a segment, so that `/a%2Fb` and
 * `/a/b` may lead to different mounts, and one signature would be for two objects. Control characters are refused so
 * that a line of what is signed can't hold another line.
 *
 * @returns `undefined` for a path that no rule can be sure about
 */
export function plainPath(path: string): string | undefined {
  if (!path.startsWith('/') || path.length > MAX_LENGTH || ENCODED_SLASH.test(path)) return undefined;
  const decoded = decodePath(path);
  return decoded === undefined || CONTROL.test(decoded) || DOT_SEGMENT.test(decoded) ? undefined : decoded;
}

/** Percent-decodes a path. @returns `undefined` where it is not percent-encoded UTF-8 */
export function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Whether `path` is `allowed`, or, where that ends in a slash, lies below it. Both decoded. */
export function isWithin(path: string, allowed: string): boolean {
  return allowed.endsWith('/') ? path.startsWith(allowed) : path === allowed;
}
