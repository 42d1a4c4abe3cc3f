import { printCacheStatus, printHttpDate, toSeconds, type HeaderList } from '../http/index.ts';
import type { Exchange, ExchangeContext } from './gateway-request.ts';
import { failureReply } from './error-reply.ts';
import { type Answer, type Reply, abandonReply } from './reply.ts';

/**
 * Makes the Response of a reply, with the fields that every answer has. An answer that was made before it for the same
 * request is dropped, and what it holds is given back.
 *
 * Fields that an app has set with `c.header` before are kept: Hono loses them where a handler makes its Response itself.
 */
export function respond(c: ExchangeContext, exchange: Exchange, reply: Reply): Response {
  if (exchange.reply !== undefined) abandonReply(exchange.reply);
  exchange.reply = reply;
  try {
    const fields = new Map<string, string>();
    addFields(fields, reply.fields);
    for (const source of exchange.fields) addFields(fields, source());
    const { cache } = exchange.stats;
    if (cache !== undefined) fields.set('Cache-Status', printCacheStatus(cache));
    fields.set('Date', printHttpDate(toSeconds(exchange.received)));
    const prepared = exchange.isAlone ? undefined : c.newResponse(null).headers;
    if (prepared !== undefined) keepPrepared(fields, prepared);
    const { toResponse = webResponse } = exchange.facts;
    const response = toResponse({ status: reply.status, fields, body: reply.body });
    // The only field whose values can't be joined to one (§5.3).
    for (const cookie of prepared?.getSetCookie() ?? []) response.headers.append('Set-Cookie', cookie);
    exchange.response = response;
    if (exchange.isSettled) abandonReply(reply);
    return response;
  } catch (error) {
    abandonReply(reply);
    throw error;
  }
}

/**
 * Answers with what the work gives; what it throws becomes an answer here. Not in an `onError` of the gateway's own:
 * where an app with one is mounted by `route`, Hono wraps each of its parts, a fifth of a small request.
 */
export async function respondWith(
  c: ExchangeContext,
  exchange: Exchange,
  work: () => Promise<Reply>,
): Promise<Response> {
  try {
    return respond(c, exchange, await work());
  } catch (error) {
    return respond(c, exchange, failureReply(error, exchange.requestId, c.req.raw.method));
  }
}

/** Gives the fields that every answer has to one that the app has made itself. */
export function completeFields(c: ExchangeContext, { fields, response }: Exchange): void {
  if (c.res === response) return;
  for (const [name, value] of fields.flatMap((source) => source())) {
    const { headers } = c.res;
    if (name !== 'Vary') headers.set(name, value);
    else if (!hasMember(headers.get(name), value)) headers.append(name, value);
  }
}

function hasMember(list: string | null, value: string): boolean {
  return list?.split(/\s*,\s*/).some((one) => one.toLowerCase() === value.toLowerCase()) ?? false;
}

function addFields(fields: Map<string, string>, list: HeaderList): void {
  for (const [name, value] of list) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
}

function keepPrepared(fields: Map<string, string>, prepared: Headers): void {
  let taken: Set<string> | undefined;
  prepared.forEach((value, name) => {
    if (DECIDED.test(name)) return;
    taken ??= new Set([...fields.keys()].map((own) => own.toLowerCase()));
    if (!taken.has(name)) fields.set(name, value);
    else if (name === 'vary') fields.set('Vary', `${fields.get('Vary')}, ${value}`);
  });
}

/** Fields of content and validators: an answer that has none of its own, such as a 304 or 204, must not have an app's. */
const DECIDED =
  /^(?:content-(?:encoding|length|range|type)|transfer-encoding|accept-ranges|etag|last-modified|set-cookie)$/;

/** An answer as web platforms take it. */
function webResponse({ status, fields, body }: Answer): Response {
  // Workers: bytes with a stored Content-Encoding are coded already; without this they would be coded once more.
  const init: ResponseInit & { readonly encodeBody?: 'manual' } = {
    status,
    headers: Object.fromEntries(fields),
    encodeBody: 'manual',
  };
  return new Response(body, init);
}
