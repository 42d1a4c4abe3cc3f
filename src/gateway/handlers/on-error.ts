import type { ErrorHandler } from 'hono';
import { errorReply } from '../error-reply.ts';
import { findGatewayRequest, openGatewayRequest, randomIds } from '../gateway-request.ts';
import { respond } from '../handle-request.ts';

/**
 * Responds with problem+json (RFC 9457) to errors of an app that composes the middleware itself, as `download()`
 * responds to errors of the storage. The client sees status and request id; the observers get the cause.
 *
 * @example
 * import { Hono } from 'hono';
 * import { onError, type RangewayEnv } from 'rangeway';
 *
 * export default new Hono<RangewayEnv>().onError(onError);
 */
export const onError: ErrorHandler = (error, c) => {
  const existing = findGatewayRequest(c);
  // Without requestId() no observer is called, so the error is logged here.
  if (existing === undefined) console.error(error);
  const request = existing ?? openGatewayRequest(c, randomIds());
  return respond(c, request, errorReply(error, request.requestId, c.req.raw.method));
};
