import type { MiddlewareHandler } from 'hono';
import type { Fields } from '../../http/index.ts';
import {
  findGatewayRequest,
  openGatewayRequest,
  type Client,
  type ClientAddress,
  type GatewayEnv,
  type RequestIds,
  platformEnvOf,
  fieldsOf,
} from '../gateway-request.ts';
import { handleRequest } from '../handle-request.ts';

/** A client's own id that is taken up: what no log, no header field and no shell has a second meaning for. */
const SAFE_ID = /^[A-Za-z\d][\w.:-]{7,127}$/;

/** W3C Trace Context, section 3.2: version, trace-id, parent-id, flags. Only after a version later than 00 more may follow. */
const TRACE_PARENT = /^(?!ff|00-.{53})[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** What the first part takes. */
export interface RequestIdOptions {
  /** Finds the client's address where `env` does not tell it; see {@link PlatformEnv}. */
  readonly clientAddress?: ClientAddress | undefined;
}

/**
 * The first part: gives a request its id, which is on every answer as X-Request-Id, and begins what all parts share.
 * The client's own id is taken where it is of 8 to 128 letters, digits and `._:-`, else that of the trace which it is
 * a part of (`traceparent`), else a random one.
 *
 * @example
 * app.use('/files/*', requestId(), accessLog(), mount({ store }), authorize());
 * app.get('/files/*', download());
 */
export function requestId(options: RequestIdOptions = {}): MiddlewareHandler<GatewayEnv> {
  return beginRequest(options, false);
}

/** @param isWhole that nothing stands between this part and the handler but parts of ours */
export function beginRequest({ clientAddress }: RequestIdOptions, isWhole: boolean): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const platform = platformEnvOf(c.env);
    // One request has one id, though a gateway stands in an app that begins with requestId() itself.
    const around: RequestIds | undefined = findGatewayRequest(c);
    const request = openGatewayRequest(c, around ?? toIds(fieldsOf(platform, c.req.raw)), platform);
    request.isAlone = isWhole && c.req.routeIndex === 0;
    request.fields.push(() => [['X-Request-Id', request.requestId]]);
    if (clientAddress !== undefined) request.client = findClient(clientAddress, c.req.raw, c.env);
    await handleRequest(c, request, next);
  };
}

/** What the app's own function throws is told by `authorize()`: a rule that asks for the address could let anybody in. */
function findClient(find: ClientAddress, request: Request, env: unknown): Client {
  try {
    return { address: find(request, env) };
  } catch (error) {
    return { address: undefined, error };
  }
}

function toIds(headers: Fields): RequestIds {
  const traceId = TRACE_PARENT.exec(headers.get('traceparent') ?? '')?.[1];
  const own = headers.get('X-Request-Id');
  return { requestId: own !== null && SAFE_ID.test(own) ? own : (traceId ?? crypto.randomUUID()), traceId };
}
