/** The statuses that are answered with a problem document (RFC 9457). */
export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 412 | 414 | 416 | 500 | 501 | 502 | 503;

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of an error: what went wrong for the client, and the id under which the log has the cause. */
export function problemBody(status: ProblemStatus, detail: string, requestId: string): string {
  return `${JSON.stringify({ type: 'about:blank', title: TITLES[status], status, detail, requestId })}\n`;
}
