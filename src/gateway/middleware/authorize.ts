import type { MiddlewareHandler, Next } from 'hono';
import { toRefusal, type AccessRule, type AccessVerdict, type Grant } from '../../access/index.ts';
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

/** What everybody gets with what everybody may read. */
const PUBLIC_GRANT: Grant = { isPrivate: false };

/**
 * Asks the rule of the mount, before any storage is: the answer is the same for keys that exist and that do not. A
 * request for no mount goes no further. It belongs to the routes of GET, not of all methods: a browser's preflight has
 * no credentials, and would be refused.
 *
 * @example
 * app.use('/files/*', requestId(), cors(), mount({ store, access: signedAccess(keys) }));
 * app.get('/files/*', authorize(), download());
 * app.options('/files/*', options());
 */
export function authorize(): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    const request = gatewayRequestOf(c, 'authorize()');
    const match = matchOf(c, request, 'authorize()');
    if (match.type === 'refused') return Promise.resolve(respond(c, request, match.reply));
    const { access } = match.mount;
    const { client, requestId } = request;
    if (client.error !== undefined) {
      return Promise.resolve(respond(c, request, errorReply(client.error, requestId, c.req.raw.method)));
    }
    if (access !== undefined) return ask(access, match, request, c, next);
    request.shared.grant = PUBLIC_GRANT;
    return next();
  };
}

async function ask(
  access: AccessRule,
  { pathname: path, query }: MatchedMount,
  request: GatewayRequest,
  c: GatewayContext,
  next: Next,
): Promise<Response | void> {
  const { method, headers } = c.req.raw;
  const now = toSeconds(request.received);
  let verdict: AccessVerdict;
  try {
    verdict = await access({ method, path, query, headers, clientAddress: request.client.address, now });
  } catch (error) {
    return respond(c, request, errorReply(error, request.requestId, method));
  }
  if (verdict.type === 'granted') {
    request.shared.grant = verdict.grant;
    return next();
  }
  const { status, detail, fields } = toRefusal(verdict);
  const reply = problemReply(status, detail, request.requestId, method, fields);
  return respond(c, request, verdict.type === 'unavailable' ? { ...reply, error: verdict.cause } : reply);
}
