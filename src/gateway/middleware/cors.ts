import type { MiddlewareHandler } from 'hono';
import { corsFields, type CorsPolicy } from '../cors.ts';
import { exchangeOf, type ExchangeEnv } from '../gateway-request.ts';
import { fieldsOf } from '../platform-env.ts';

/**
 * Lets pages of other origins read the answers, errors and 304 included, and preflights say what a page may send, as the
 * mount says that the request is for.
 *
 * @param otherwise of requests that are for no mount; by default no page may read those answers
 * @example
 * app.use('/files/*', requestId(), cors(), mount({ store, cors: { origins: ['https://example.com'] } }));
 */
export function cors(otherwise: CorsPolicy = { origins: [] }): MiddlewareHandler<ExchangeEnv> {
  return (c, next) => {
    const exchange = exchangeOf(c, 'cors()');
    exchange.fields.push(() => {
      const { place } = exchange;
      return corsFields(
        c.req.raw.method,
        fieldsOf(exchange.facts, c.req.raw),
        place?.type === 'found' ? place.mount.cors : otherwise,
      );
    });
    return next();
  };
}
