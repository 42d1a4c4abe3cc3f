import type { ErrorHandler } from 'hono';
import { failureReply } from '../error-reply.ts';
import { findExchange, openExchange, randomIds } from '../gateway-request.ts';
import { respond } from '../respond.ts';

/**
 * For an app that composes these parts: answers what its own parts throw as problem+json, as `download()` answers what
 * a storage throws. A client learns the status and the id, the log has the cause.
 *
 * @example
 * const app = new Hono<RangewayEnv>().onError(onError);
 */
export const onError: ErrorHandler = (error, c) => {
  const known = findExchange(c);
  // No part has begun, so that nothing else tells of it.
  if (known === undefined) console.error(error);
  const exchange = known ?? openExchange(c, randomIds());
  return respond(c, exchange, failureReply(error, exchange.requestId, c.req.raw.method));
};
