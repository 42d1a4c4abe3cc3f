import type { MiddlewareHandler, Next } from 'hono';
import { toRefusal, type AccessRule, type AccessVerdict, type Grant } from '../../access/index.ts';
import { toSeconds } from '../../http/index.ts';
import { exchangeOf, placeOf, type Exchange, type ExchangeContext, type ExchangeEnv } from '../gateway-request.ts';
import type { FoundPlace } from '../match-mount.ts';
import { failureReply } from '../error-reply.ts';
import { problem } from '../reply.ts';
import { respond } from '../respond.ts';

/** What everybody gets with what everybody may read. */
const EVERYBODY: Grant = { isPrivate: false };

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
export function authorize(): MiddlewareHandler<ExchangeEnv> {
  return (c, next) => {
    const exchange = exchangeOf(c, 'authorize()');
    const place = placeOf(c, exchange, 'authorize()');
    if (place.type === 'refused') return Promise.resolve(respond(c, exchange, place.reply));
    const { access } = place.mount;
    const { client, requestId } = exchange;
    if (client.error !== undefined) {
      return Promise.resolve(respond(c, exchange, failureReply(client.error, requestId, c.req.raw.method)));
    }
    if (access !== undefined) return ask(access, place, exchange, c, next);
    exchange.shared.grant = EVERYBODY;
    return next();
  };
}

async function ask(
  access: AccessRule,
  { pathname: path, query }: FoundPlace,
  exchange: Exchange,
  c: ExchangeContext,
  next: Next,
): Promise<Response | void> {
  const { method, headers } = c.req.raw;
  const now = toSeconds(exchange.received);
  let verdict: AccessVerdict;
  try {
    verdict = await access({ method, path, query, headers, clientAddress: exchange.client.address, now });
  } catch (error) {
    return respond(c, exchange, failureReply(error, exchange.requestId, method));
  }
  if (verdict.type === 'granted') {
    exchange.shared.grant = verdict.grant;
    return next();
  }
  const { status, detail, fields } = toRefusal(verdict);
  const reply = problem(status, detail, exchange.requestId, method, fields);
  return respond(c, exchange, verdict.type === 'unavailable' ? { ...reply, error: verdict.cause } : reply);
}
