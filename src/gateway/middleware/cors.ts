import type { MiddlewareHandler } from 'hono';
import { gatewayRequestOf, type GatewayEnv, fieldsOf } from '../gateway-request.ts';
import { corsFields, type CorsPolicy } from '../../http/index.ts';

/**
 * Adds the CORS fields of the mount's policy to all responses: preflights, 304 and errors included.
 *
 * @param unmatched the policy for requests that match no mount; by default no origin may read those responses
 * @returns a middleware. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, cors, download, memoryStore, mount, options, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * const policy = { origins: ['https://example.com'] };
 * app.use('/files/*', requestId(), cors(), mount({ store: memoryStore(), cors: policy }));
 * app.get('/files/*', authorize(), download());
 * app.options('/files/*', options());
 */
export function cors(unmatched: CorsPolicy = { origins: [] }): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'cors()');
    request.commonFields.push(() => {
      const { match } = request;
      return corsFields(
        c.req.raw.method,
        fieldsOf(request.platform, c.req.raw),
        match?.type === 'found' ? match.mount.cors : unmatched,
      );
    });
    return next();
  };
}
