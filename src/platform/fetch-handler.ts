import type { PlatformEnv } from '../gateway/gateway-request.ts';

export type { PlatformEnv };

/** Anything that answers requests: a gateway, or the app that it is mounted in. */
export interface FetchHandler {
  /** @param env what the platform knows beside the request; {@link PlatformEnv} of ours */
  fetch(request: Request, env?: PlatformEnv, context?: FetchContext): Response | Promise<Response>;
}

/** What outlives a request: hono's ExecutionContext. */
export interface FetchContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: object;
}

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;

const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** A method that a Request can have: for any other, one that the gateway refuses as it refuses all that it does not know. */
export function requestMethod(method: string): string {
  if (method === 'GET' || method === 'HEAD') return method;
  return FORBIDDEN_METHODS.has(method) || !METHOD.test(method) ? 'UNSUPPORTED' : method;
}
