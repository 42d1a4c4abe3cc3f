/**
 * A query, with its question mark, that contains a parameter of a signature; and such a parameter without the query
 * around it.
 */
const QUERY = /\?[^\s"'<>]*x-amz-(?:[a-z\d]|%2d|-)*(?:=|%3d)[^\s"'<>]*/gi;
const PARAMETER = /(x-amz-(?:signature|credential|security-token|s3session-token))(?:=|%3d)[^\s"'<>&;]*/gi;

/** Removes the signatures of storage URLs from a text. */
export function redact(text: string): string {
  return text.replaceAll(QUERY, '?…').replaceAll(PARAMETER, '$1=…');
}

/**
 * Copies an error and its causes without signatures. The copy has the name, code, message and stack. Other properties
 * are left out, because they may contain the whole request: Node's ERR_INVALID_URL has `input`, an exception of the SDK
 * has `$response`.
 *
 * @param depth of `error` in its chain of causes
 */
export function redactedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return redact(String(error));
  const cause = error.cause === undefined || depth > MAX_DEPTH ? undefined : redactedError(error.cause, depth + 1);
  const copy = new Error(redact(error.message), cause === undefined ? undefined : { cause });
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = redact(error.stack);
  return 'code' in error && typeof error.code === 'string' ? Object.assign(copy, { code: error.code }) : copy;
}

/** Length of a copied chain of causes, at most. */
const MAX_DEPTH = 8;
