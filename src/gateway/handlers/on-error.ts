import type { ErrorHandler } from 'hono';
import { errorReply } from '../error-reply.ts';
import { findGatewayRequest, openGatewayRequest, randomIds } from '../gateway-request.ts';
import { respond } from '../handle-request.ts';

/**
 * For an app that composes these parts: answers what its own parts throw as problem+json, as `download()` answers what
 * a storage throws. A client learns the status and the id, the log has the cause.
 *
 * @example
 * const app = new Hono<RangewayEnv>().onError(onError);
 */
export const onError: ErrorHandler = (error, c) => {
  const known = findGatewayRequest(c);
  // No part has begun, so that nothing else tells of it.
  if (known === undefined) console.error(error);
  const request = known ?? openGatewayRequest(c, randomIds());
  return respond(c, request, errorReply(error, request.requestId, c.req.raw.method));
};
