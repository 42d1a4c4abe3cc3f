/** The statuses whose responses have a problem document as their body (RFC 9457). */
export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 414 | 416 | 422 | 500 | 501 | 502 | 503;

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** Problems with a type of their own. All others have the type `about:blank` (RFC 9457 §4.2.1). */
export type ProblemKind = 'archived' | 'changed' | 'no-pieces';

/** Type and title of each kind (RFC 9457 §3.1). The types are stable, so that a program may rely on them. */
export const PROBLEM_KINDS: Readonly<Record<ProblemKind, { readonly type: string; readonly title: string }>> = {
  archived: { type: 'urn:rangeway:problem:archived', title: 'Object Is Archived' },
  changed: { type: 'urn:rangeway:problem:changed', title: 'Object Has Changed' },
  'no-pieces': { type: 'urn:rangeway:problem:no-pieces', title: 'Object Has No Piece Index' },
};

/** Returns the type and the title of a problem. */
export function problemKind(
  status: ProblemStatus,
  kind: ProblemKind | undefined,
): { readonly type: string; readonly title: string } {
  return kind === undefined ? { type: 'about:blank', title: TITLES[status] } : PROBLEM_KINDS[kind];
}

/** Content-Type of a problem document (RFC 9457 §6.1). */
export const PROBLEM_TYPE = 'application/problem+json';

/**
 * Prints the problem document of an error (RFC 9457).
 *
 * @param detail description of the error for the client, without internal details
 * @param requestId id of the log entry that has the cause
 */
export function problemBody(status: ProblemStatus, detail: string, requestId: string, kind?: ProblemKind): string {
  const { type, title } = problemKind(status, kind);
  return `${JSON.stringify({ type, title, status, detail, requestId })}\n`;
}
