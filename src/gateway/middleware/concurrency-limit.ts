import type { MiddlewareHandler } from 'hono';
import { semaphore } from '../../base/semaphore.ts';
import { respond } from '../respond.ts';
import { exchangeOf, type ExchangeEnv } from '../gateway-request.ts';
import { problem } from '../reply.ts';

/**
 * Answers 503 while so many requests are in work. Each counts until its client has the whole answer, or has left.
 *
 * @param most requests at once
 * @example
 * app.use('/files/*', requestId(), concurrencyLimit(100));
 */
export function concurrencyLimit(most: number): MiddlewareHandler<ExchangeEnv> {
  const slots = semaphore(most);
  return async (c, next) => {
    const exchange = exchangeOf(c, 'concurrencyLimit()');
    const leave = slots.tryAcquire();
    if (leave === undefined) {
      const detail = 'As many downloads are running as there is room for.';
      return respond(c, exchange, problem(503, detail, exchange.requestId, c.req.method, [['Retry-After', '5']]));
    }
    exchange.isWatched = true;
    exchange.ends.push(leave);
    return next();
  };
}
