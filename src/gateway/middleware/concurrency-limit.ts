import type { MiddlewareHandler } from 'hono';
import { semaphore } from '../../base/semaphore.ts';
import { respond } from '../handle-request.ts';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { problemReply } from '../reply.ts';

/**
 * Answers 503 while so many requests are in work. Each counts until its client has the whole answer, or has left.
 *
 * @param most requests at once
 * @example
 * app.use('/files/*', requestId(), concurrencyLimit(100));
 */
export function concurrencyLimit(most: number): MiddlewareHandler<GatewayEnv> {
  const slots = semaphore(most);
  return async (c, next) => {
    const request = gatewayRequestOf(c, 'concurrencyLimit()');
    const leave = slots.tryAcquire();
    if (leave === undefined) {
      const detail = 'As many downloads are running as there is room for.';
      return respond(c, request, problemReply(503, detail, request.requestId, c.req.method, [['Retry-After', '5']]));
    }
    request.needsOutcome = true;
    request.ends.push(leave);
    return next();
  };
}
