/** From the mark of a query on, as long as it has a parameter of a signature; and such a parameter without its query. */
const QUERY = /\?[^\s"'<>]*x-amz-(?:[a-z\d]|%2d|-)*(?:=|%3d)[^\s"'<>]*/gi;
const PARAMETER = /(x-amz-(?:signature|credential|security-token|s3session-token))(?:=|%3d)[^\s"'<>&;]*/gi;

/** A text without the signatures of storage addresses in it. */
export function redact(text: string): string {
  return text.replaceAll(QUERY, '?…').replaceAll(PARAMETER, '$1=…');
}

/**
 * A copy of an error and its causes, of which name, code, message and stack are left, without signatures. Errors of
 * an HTTP client or of the SDK may hold the whole request: Node's ERR_INVALID_URL has a property `input`, a
 * service's exception `$response`.
 */
export function redactedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redact(String(error));
  const cause = error.cause === undefined || depth > MAX_DEPTH ? undefined : redactedError(error.cause, depth + 1);
  const copy = new Error(redact(error.message), cause === undefined ? undefined : { cause });
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = redact(error.stack);
  return 'code' in error && typeof error.code === 'string' ? Object.assign(copy, { code: error.code }) : copy;
}

/** Of causes. */
const MAX_DEPTH = 8;
