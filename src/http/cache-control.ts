const NO_TRANSFORM = /(?:^|,)[ \t]*no-transform[ \t]*(?:,|$)/i;

/**
 * Adds `no-transform` (RFC 9111 §5.2.2.6) unless it is there. Without it Cloudflare's edge compresses text types,
 * weakens the ETag and drops the length, and no download of them can be continued.
 */
export function withNoTransform(cacheControl: string | undefined): string {
  if (cacheControl === undefined) return 'no-transform';
  return NO_TRANSFORM.test(cacheControl) ? cacheControl : `${cacheControl}, no-transform`;
}

/** Directives that let shared caches keep an answer, or speak to them alone. */
const SHARED = /^(?:public|private|s-maxage(?:=.*)?|proxy-revalidate)$/i;

/** The same for one client alone (RFC 9111 §5.2.2.7). A value with quotes in it is replaced: it may name fields. */
export function asPrivate(cacheControl: string | undefined): string {
  const directives = cacheControl === undefined || cacheControl.includes('"') ? [] : cacheControl.split(',');
  const kept = directives.map((directive) => directive.trim()).filter((one) => one !== '' && !SHARED.test(one));
  return ['private', ...kept].join(', ');
}
