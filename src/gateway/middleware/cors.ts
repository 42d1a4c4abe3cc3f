import type { MiddlewareHandler } from 'hono';
import { gatewayRequestOf, type GatewayEnv, fieldsOf } from '../gateway-request.ts';
import { corsFields, type CorsPolicy } from '../../http/index.ts';

/**
 * Lets pages of other origins read the answers, errors and 304 included, and preflights say what a page may send, as the
 * mount says that the request is for.
 *
 * @param otherwise of requests that are for no mount; by default no page may read those answers
 * @example
 * app.use('/files/*', requestId(), cors(), mount({ store, cors: { origins: ['https://example.com'] } }));
 */
export function cors(otherwise: CorsPolicy = { origins: [] }): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'cors()');
    request.fields.push(() => {
      const { match } = request;
      return corsFields(
        c.req.raw.method,
        fieldsOf(request.platform, c.req.raw),
        match?.type === 'found' ? match.mount.cors : otherwise,
      );
    });
    return next();
  };
}
