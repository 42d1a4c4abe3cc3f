import type { MiddlewareHandler, Next } from 'hono';
import { toRefusalResponse, type AccessRule, type AccessVerdict, type Grant } from '../../access/index.ts';
import { toSeconds } from '../../http/index.ts';
import {
  gatewayRequestOf,
  matchOf,
  type GatewayRequest,
  type GatewayContext,
  type GatewayEnv,
} from '../gateway-request.ts';
import type { MatchedMount } from '../match-mount.ts';
import { errorReply } from '../error-reply.ts';
import { problemReply } from '../reply.ts';
import { respond } from '../handle-request.ts';

/** The grant of a mount without an access rule. */
const PUBLIC_GRANT: Grant = { isPrivate: false };

/**
 * Evaluates the access rule of the mount before the storage is read, so that a refusal does not show whether the object
 * exists. A request that matches no mount is answered with 400, 404 or 414. Use it on routes of GET and not of all
 * methods: the preflight of a browser has no credentials and would be refused.
 *
 * @returns a middleware. It throws an Error if `requestId()` or `mount()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, cors, download, ipAccess, memoryStore, mount, options, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.use('/files/*', requestId(), cors(), mount({ store: memoryStore(), access: ipAccess(['192.0.2.0/24']) }));
 * app.get('/files/*', authorize(), download());
 * app.options('/files/*', options());
 */
export function authorize(): MiddlewareHandler<GatewayEnv> {
  return authorizeAs(undefined);
}

/**
 * Like {@link authorize}, for a request that takes the right of another method.
 *
 * @param method that access rules see; that of the request by default
 */
export function authorizeAs(method: 'GET' | undefined): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'authorize()');
    const match = matchOf(c, request, 'authorize()');
    if (match.type === 'refused') return Promise.resolve(respond(c, request, match.reply));
    const { access } = match.mount;
    const { client, requestId } = request;
    if (client.error !== undefined) {
      return Promise.resolve(respond(c, request, errorReply(client.error, requestId, c.req.raw.method)));
    }
    if (access !== undefined) return evaluateRule(access, match, request, c, next, method);
    request.shared.grant = PUBLIC_GRANT;
    return next();
  };
}

async function evaluateRule(
  access: AccessRule,
  { pathname: path, query }: MatchedMount,
  request: GatewayRequest,
  c: GatewayContext,
  next: Next,
  usedMethod: 'GET' | undefined,
): Promise<Response | void> {
  const { method, headers } = c.req.raw;
  const now = toSeconds(request.received);
  let verdict: AccessVerdict;
  try {
    verdict = await access({
      method: usedMethod ?? method,
      path,
      query,
      headers,
      clientAddress: request.client.address,
      now,
    });
  } catch (error) {
    return respond(c, request, errorReply(error, request.requestId, method));
  }
  if (verdict.type === 'granted') {
    request.shared.grant = verdict.grant;
    return next();
  }
  const { status, detail, fields } = toRefusalResponse(verdict);
  const reply = problemReply(status, detail, request.requestId, method, fields);
  return respond(c, request, verdict.type === 'unavailable' ? { ...reply, error: verdict.cause } : reply);
}
