import type { Handler } from 'hono';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { emptyReply, problemReply } from '../reply.ts';
import { respond } from '../handle-request.ts';

/** What objects can be asked for. */
const METHODS = 'GET, HEAD, OPTIONS';

/** Answers OPTIONS, preflights of browsers among them; `cors()` adds what a page may do. */
export function options(): Handler<GatewayEnv> {
  return (c) => respond(c, gatewayRequestOf(c, 'options()'), emptyReply(204, [['Allow', METHODS]]));
}

/**
 * Answers 405 (§15.5.6).
 *
 * @param others methods that are allowed beside those of downloads
 */
export function methodNotAllowed(...others: readonly string[]): Handler<GatewayEnv> {
  const allow = [METHODS, ...others].join(', ');
  const detail = 'Objects can be read, with GET and HEAD, and nothing else.';
  return (c) => {
    const request = gatewayRequestOf(c, 'methodNotAllowed()');
    return respond(c, request, problemReply(405, detail, request.requestId, c.req.raw.method, [['Allow', allow]]));
  };
}
