const NO_TRANSFORM = /(?:^|,)[ \t]*no-transform[ \t]*(?:,|$)/i;

/**
 * Adds `no-transform` (RFC 9111 §5.2.2.6) to a Cache-Control value. Without this directive Cloudflare's edge compresses
 * text types, weakens the ETag and removes the length, and a download of such a response can't be resumed.
 *
 * @param cacheControl the value to extend; `undefined` if there is none
 * @returns the same value if it already has the directive
 */
export function withNoTransform(cacheControl: string | undefined): string {
  if (cacheControl === undefined) return 'no-transform';
  return NO_TRANSFORM.test(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

/**
 * Whether a Cache-Control value keeps every shared cache from storing a response (RFC 9111 §5.2.2.5, §5.2.2.7). Of a
 * value with quotes it is not known, because `private="…"` limits the directive to the fields that it lists.
 *
 * @returns `undefined` for a value with quotes
 */
export function forbidsSharedCaches(cacheControl: string): boolean | undefined {
  if (cacheControl.includes('"')) return undefined;
  const directives = cacheControl.toLowerCase().split(',');
  return directives.some((directive) => ['private', 'no-store'].includes(directive.trim()));
}

/** Directives that allow shared caches to store a response, or that apply to shared caches only. */
const SHARED = /^(?:public|private|s-maxage(?:=.*)?|proxy-revalidate)$/i;

/**
 * Makes a Cache-Control value `private` (RFC 9111 §5.2.2.7), so that only the client's own cache may store the
 * response. Directives for shared caches are removed, all others stay.
 *
 * @param cacheControl a value with quotes is replaced by `private` alone, because `private="…"` limits the directive to
 *   the fields that it lists
 */
export function withPrivate(cacheControl: string | undefined): string {
  const directives = cacheControl === undefined || cacheControl.includes('"') ? [] : cacheControl.split(',');
  const remaining = directives.map((directive) => directive.trim()).filter((name) => name !== '' && !SHARED.test(name));
  return ['private', ...remaining].join(', ');
}
