import type { MiddlewareHandler } from 'hono';
import type { Fields } from '../../http/index.ts';
import {
  findGatewayRequest,
  openGatewayRequest,
  type Client,
  type ClientAddress,
  type GatewayEnv,
  type GatewayRequest,
  type RequestIds,
  platformEnvOf,
  fieldsOf,
} from '../gateway-request.ts';
import { handleRequest } from '../handle-request.ts';

/** The accepted ids of clients: no character has a special meaning in logs, header fields or shells. */
const SAFE_ID = /^[A-Za-z\d][\w.:-]{7,127}$/;

/** W3C Trace Context §3.2: version, trace-id, parent-id, flags. More may follow only after a version other than 00. */
const TRACE_PARENT = /^(?!ff|00-.{53})[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** Options of {@link requestId}. */
export interface RequestIdOptions {
  /** Finds the client's address, instead of the one that the platform passes in `env`; see {@link PlatformEnv}. */
  readonly clientAddress?: ClientAddress | undefined;
}

/**
 * Assigns an id to the request, adds it to every response as X-Request-Id, and creates the state that the other
 * middleware and handlers share. It has to be the first of them. The id is the client's X-Request-Id if that has 8 to
 * 128 letters, digits and `._:-`, else the trace-id of its `traceparent` field (W3C Trace Context), else random.
 *
 * @example
 * import { Hono } from 'hono';
 * import { accessLog, authorize, download, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), accessLog(), mount({ store: memoryStore() }));
 * app.get('/files/*', authorize(), download());
 */
export function requestId(options: RequestIdOptions = {}): MiddlewareHandler<GatewayEnv> {
  return beginRequest(options, false);
}

/**
 * Like {@link requestId}, for the gateway too.
 *
 * @param isInGateway whether only middleware of this library runs between this one and the handler
 * @param toErrorPage as `errorPages()` sets it; by default errors are problem documents
 */
export function beginRequest(
  { clientAddress }: RequestIdOptions,
  isInGateway: boolean,
  toErrorPage?: GatewayRequest['toErrorPage'],
): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const platform = platformEnvOf(c.env);
    // A gateway in an app that uses requestId() itself keeps the id of the app, so that one request has one id.
    const outerIds: RequestIds | undefined = findGatewayRequest(c);
    const request = openGatewayRequest(c, outerIds ?? toIds(fieldsOf(platform, c.req.raw)), platform);
    request.isStandalone = isInGateway && c.req.routeIndex === 0;
    request.toErrorPage = toErrorPage;
    request.commonFields.push(() => [['X-Request-Id', request.requestId]]);
    if (clientAddress !== undefined) request.client = findClient(clientAddress, c.req.raw, c.env);
    await handleRequest(c, request, next);
  };
}

/**
 * Calls the function of the app. An error is kept for `authorize()`, which responds with it: without the address, an
 * access rule could grant requests that it should refuse.
 */
function findClient(find: ClientAddress, request: Request, env: unknown): Client {
  try {
    return { address: find(request, env) };
  } catch (error) {
    return { address: undefined, error };
  }
}

function toIds(headers: Fields): RequestIds {
  const traceId = TRACE_PARENT.exec(headers.get('traceparent') ?? '')?.[1];
  const clientId = headers.get('X-Request-Id');
  return {
    requestId: clientId !== null && SAFE_ID.test(clientId) ? clientId : (traceId ?? crypto.randomUUID()),
    traceId,
  };
}
