const NO_TRANSFORM = /(?:^|,)[ \t]*no-transform[ \t]*(?:,|$)/i;

/**
 * Adds `no-transform` (RFC 9111 §5.2.2.6) unless it is there. Without it Cloudflare's edge compresses text types,
 * weakens the ETag and drops the length, and no download of them can be continued.
 */
export function withNoTransform(cacheControl: string | undefined): string {
  if (cacheControl === undefined) return 'no-transform';
  return NO_TRANSFORM.test(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}
