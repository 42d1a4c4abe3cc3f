/**
 * Whether a path below a folder names something hidden: one of its segments begins with a dot, as `.env` and
 * `.git/config` do. The folder `.well-known` (RFC 8615) at the top is not hidden; what is hidden below it is.
 *
 * @param path with `/` between segments, or what else separates them on this platform
 */
export function isHidden(path: string, separator = '/'): boolean {
  return path.split(separator).some((name, i) => name.startsWith('.') && !(i === 0 && name === '.well-known'));
}
