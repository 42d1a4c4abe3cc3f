import type { Handler } from 'hono';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { emptyReply, problemReply } from '../reply.ts';
import { respond } from '../handle-request.ts';

/** The methods that every object allows. */
const METHODS = 'GET, HEAD, OPTIONS';

/**
 * Answers OPTIONS with 204 and Allow. For preflights of browsers, `cors()` adds its fields.
 *
 * @returns a handler for routes of OPTIONS. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { cors, memoryStore, mount, options, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), cors(), mount({ store: memoryStore() }));
 * app.options('/files/*', options());
 */
export function options(): Handler<GatewayEnv> {
  return (c) => respond(c, gatewayRequestOf(c, 'options()'), emptyReply(204, [['Allow', METHODS]]));
}

/**
 * Responds with 405 and Allow (§15.5.6).
 *
 * @param otherMethods methods that are allowed beside GET, HEAD and OPTIONS
 * @returns a handler for all other methods. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, memoryStore, methodNotAllowed, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), mount({ store: memoryStore() }));
 * app.get('/files/*', authorize(), download());
 * app.all('/files/*', methodNotAllowed());
 */
export function methodNotAllowed(...otherMethods: readonly string[]): Handler<GatewayEnv> {
  const allow = [METHODS, ...otherMethods].join(', ');
  const detail = 'Objects can be read, with GET and HEAD, and nothing else.';
  return (c) => {
    const request = gatewayRequestOf(c, 'methodNotAllowed()');
    return respond(c, request, problemReply(405, detail, request.requestId, c.req.raw.method, [['Allow', allow]]));
  };
}
