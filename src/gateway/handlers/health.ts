import type { Handler } from 'hono';
import { gatewayRequestOf, type GatewayContext, type GatewayEnv, type GatewayRequest } from '../gateway-request.ts';
import { respond, respondWith } from '../handle-request.ts';
import { readiness, type ReadinessOptions } from '../readiness.ts';
import { jsonReply, problemReply, type Reply } from '../reply.ts';

/**
 * Answers 200 as long as the process runs. No storage is asked, and no token is needed.
 *
 * @returns a handler for routes of all methods; others than GET and HEAD get 405. It throws an Error if `requestId()`
 *   does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { health, memoryStore, ready, requestId } from 'rangeway';
 *
 * const stores = [{ name: '/files', store: memoryStore() }];
 * const app = new Hono();
 * app.all('/health', requestId(), health());
 * app.all('/ready', requestId(), ready({ stores }));
 */
export function health(): Handler<GatewayEnv> {
  return (c) => {
    const request = gatewayRequestOf(c, 'health()');
    return respond(c, request, methodError(c, request) ?? forMethod(c, jsonReply({ status: 'ok' })));
  };
}

/**
 * Answers 200 if each storage has answered within 10 seconds, else 503, as it does while the process is about to stop.
 * Each storage is asked at most once in 5 seconds. The response has no details; the log tells why.
 *
 * @returns a handler for routes of all methods; others than GET and HEAD get 405. It throws an Error if `requestId()`
 *   does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { memoryStore, ready, requestId } from 'rangeway';
 *
 * const draining = new AbortController();
 * const stores = [{ name: '/files', store: memoryStore() }];
 * new Hono().all('/ready', requestId(), ready({ stores, draining: draining.signal }));
 */
export function ready(options: ReadinessOptions): Handler<GatewayEnv> {
  const isReady = readiness(options);
  return (c) => {
    const request = gatewayRequestOf(c, 'ready()');
    return respondWith(c, request, async () => {
      const error = methodError(c, request);
      if (error !== undefined) return error;
      if (await isReady()) return forMethod(c, jsonReply({ status: 'ready' }));
      const detail = 'This gateway can not serve downloads at the moment.';
      return problemReply(503, detail, request.requestId, c.req.raw.method, [['Retry-After', '5']]);
    });
  };
}

function methodError(c: GatewayContext, { requestId }: GatewayRequest): Reply | undefined {
  const { method } = c.req.raw;
  if (method === 'GET' || method === 'HEAD') return undefined;
  return problemReply(405, 'This address has GET and HEAD.', requestId, method, [['Allow', 'GET, HEAD']]);
}

function forMethod(c: GatewayContext, reply: Reply): Reply {
  return c.req.raw.method === 'HEAD' ? { ...reply, body: null } : reply;
}
