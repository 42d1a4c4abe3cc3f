/** The statuses that are answered with a problem document (RFC 9457). */
export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 414 | 416 | 500 | 501 | 502 | 503;

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** Problems that mean more than their status. All others have the type `about:blank` (RFC 9457, section 4.2.1). */
export type ProblemKind = 'archived' | 'changed';

/** The type and the title of each kind (RFC 9457, section 3.1). A program may rely on the type. */
export const PROBLEM_KINDS: Readonly<Record<ProblemKind, { readonly type: string; readonly title: string }>> = {
  archived: { type: 'urn:rangeway:problem:archived', title: 'Object Is Archived' },
  changed: { type: 'urn:rangeway:problem:changed', title: 'Object Has Changed' },
};

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of an error: what went wrong for the client, and the id under which the log has the cause. */
export function problemBody(status: ProblemStatus, detail: string, requestId: string, kind?: ProblemKind): string {
  const { type, title } = kind === undefined ? { type: 'about:blank', title: TITLES[status] } : PROBLEM_KINDS[kind];
  return `${JSON.stringify({ type, title, status, detail, requestId })}\n`;
}
