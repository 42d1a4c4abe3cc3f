/** Anything that answers requests: a gateway, or the app that it is mounted in. */
export interface FetchHandler {
  fetch(request: Request): Response | Promise<Response>;
}

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;

const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** A method that a Request can have: for any other, one that the gateway refuses as it refuses all that it does not know. */
export function requestMethod(method: string): string {
  return FORBIDDEN_METHODS.has(method) || !METHOD.test(method) ? 'UNSUPPORTED' : method;
}
