import type { MiddlewareHandler } from 'hono';
import { semaphore } from '../../base/semaphore.ts';
import { respond } from '../handle-request.ts';
import { gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { problemReply } from '../reply.ts';

/**
 * Responds with 503 and Retry-After while too many requests are in progress. A request holds its slot until the client
 * has the whole response or has disconnected.
 *
 * @param maxRequests requests in progress at the same time
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, concurrencyLimit, download, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), concurrencyLimit(100), mount({ store: memoryStore() }));
 * app.get('/files/*', authorize(), download());
 */
export function concurrencyLimit(maxRequests: number): MiddlewareHandler<GatewayEnv> {
  const slots = semaphore(maxRequests);
  return async (c, next) => {
    const request = gatewayRequestOf(c, 'concurrencyLimit()');
    const release = slots.tryAcquire();
    if (release === undefined) {
      const detail = 'As many downloads are running as there is room for.';
      return respond(c, request, problemReply(503, detail, request.requestId, c.req.method, [['Retry-After', '5']]));
    }
    request.needsOutcome = true;
    request.onEnd.push(release);
    return next();
  };
}
