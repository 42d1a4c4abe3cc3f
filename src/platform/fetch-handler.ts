import type { PlatformEnv } from '../gateway/gateway-request.ts';

export type { PlatformEnv };

/** Handles requests: a gateway, or the app that it is mounted in. */
export interface FetchHandler {
  /** @param env facts about the request that it does not carry; the platforms here pass a {@link PlatformEnv} */
  fetch(request: Request, env?: PlatformEnv, context?: FetchContext): Response | Promise<Response>;
}

/** The execution context of a request, as Hono's ExecutionContext. */
export interface FetchContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: object;
}

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;

const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/**
 * Returns the method for a web Request.
 *
 * @returns the same method, or `UNSUPPORTED` if it is no token (RFC 9110 §9.1) or the Fetch standard forbids it: the
 *   gateway refuses that like any method that it does not implement
 */
export function requestMethod(method: string): string {
  if (method === 'GET' || method === 'HEAD') return method;
  return FORBIDDEN_METHODS.has(method) || !METHOD.test(method) ? 'UNSUPPORTED' : method;
}
