import type { Next } from 'hono';
import type { TransferOutcome } from './download/body-pipe.ts';
import type { GatewayContext, GatewayRequest } from './gateway-request.ts';
import type { Reply, OutgoingResponse } from './reply.ts';
import { printCacheStatus, printHttpDate, toSeconds, type HeaderList } from '../http/index.ts';
import { errorReply } from './error-reply.ts';

/**
 * Runs the handlers of one request. The request ends here alone, on every path: answered, failed, or left by its client.
 *
 * @throws the error that a later handler of the app throws
 */
export async function handleRequest(c: GatewayContext, request: GatewayRequest, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    endRequest(c, request, 500, error);
    throw error;
  }
  completeFields(c, request);
  endRequest(c, request, c.res.status, undefined);
}

/**
 * Waits for the end of an answer, however it ends, then gives back all that was held for it and tells the listeners.
 *
 * @param status of the answer that goes out
 * @param error thrown where nothing could answer any more
 */
function endRequest(c: GatewayContext, request: GatewayRequest, status: number, error: unknown): void {
  request.isSettled = true;
  const { reply, platform } = request;
  const { signal } = c.req.raw;
  const cause = error ?? reply?.error ?? c.error;
  const tell = (transfer: TransferOutcome) => {
    for (const end of request.ends.toReversed()) attempt(() => end({ status, reply, transfer }));
  };
  const done = reply?.pipe?.done;
  if (done === undefined && platform.sent === undefined) return tell(delivered(reply, cause, signal));
  const ended = transferOutcome(reply, done ?? delivered(reply, cause, signal), platform.sent);
  request.defer(
    ended.catch((failure: unknown): TransferOutcome => ({ outcome: 'failed', ...UNKNOWN, cause: failure })).then(tell),
  );
}

const UNKNOWN = { bytesSent: null, bytesRead: null };

/** What an observer throws is no download's failure. */
export function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error(error);
  }
}

/**
 * How an answer ended: when its body has ended and, where the platform tells, the client has it. An answer that the
 * platform is done with, but whose body has not ended, was dropped on the way, and is abandoned.
 */
async function transferOutcome(
  reply: Reply | undefined,
  done: TransferOutcome | Promise<TransferOutcome>,
  sent: Promise<boolean> | undefined,
): Promise<TransferOutcome> {
  const isSent = sent?.then((all) => {
    if (reply !== undefined) abandonReply(reply);
    return all;
  });
  const transfer = await done;
  const isLost = (await isSent) === false && transfer.outcome === 'complete';
  return isLost ? { outcome: 'aborted', bytesSent: null, bytesRead: transfer.bytesRead } : transfer;
}

/** How an answer ends whose body is all there: as soon as it is sent. Of a client that left, no failure counts. */
function delivered(reply: Reply | undefined, cause: unknown, { aborted }: AbortSignal): TransferOutcome {
  const body = reply?.body ?? null;
  const bytesRead = body instanceof Uint8Array ? body.length : 0;
  const bytesSent = typeof body === 'string' ? new TextEncoder().encode(body).length : bytesRead;
  if (cause !== undefined) {
    return aborted
      ? { outcome: 'aborted', bytesSent: 0, bytesRead: 0 }
      : { outcome: 'failed', bytesSent, bytesRead, cause };
  }
  // The length of an answer of the app's own is not known here.
  return { outcome: 'complete', bytesSent: reply === undefined ? null : bytesSent, bytesRead };
}

/**
 * Makes the Response of a reply, with the fields that every answer has. An answer that was made before it for the same
 * request is dropped, and what it holds is given back.
 *
 * Fields that an app has set with `c.header` before are kept: Hono loses them where a handler makes its Response itself.
 */
export function respond(c: GatewayContext, request: GatewayRequest, reply: Reply): Response {
  if (request.reply !== undefined) abandonReply(request.reply);
  request.reply = reply;
  try {
    const fields = new Map<string, string>();
    addFields(fields, reply.fields);
    for (const source of request.fields) addFields(fields, source());
    const { cache } = request.stats;
    if (cache !== undefined) fields.set('Cache-Status', printCacheStatus(cache));
    fields.set('Date', printHttpDate(toSeconds(request.received)));
    const prepared = request.isAlone ? undefined : c.newResponse(null).headers;
    if (prepared !== undefined) keepPrepared(fields, prepared);
    const { toResponse = webResponse } = request.platform;
    const response = toResponse({ status: reply.status, fields, body: reply.body });
    // The only field whose values can't be joined to one (§5.3).
    for (const cookie of prepared?.getSetCookie() ?? []) response.headers.append('Set-Cookie', cookie);
    request.response = response;
    if (request.isSettled) abandonReply(reply);
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
  c: GatewayContext,
  request: GatewayRequest,
  work: () => Promise<Reply>,
): Promise<Response> {
  try {
    return respond(c, request, await work());
  } catch (error) {
    return respond(c, request, errorReply(error, request.requestId, c.req.raw.method));
  }
}

/** Gives the fields that every answer has to one that the app has made itself. */
export function completeFields(c: GatewayContext, { fields, response }: GatewayRequest): void {
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
function webResponse({ status, fields, body }: OutgoingResponse): Response {
  // Workers: bytes with a stored Content-Encoding are coded already; without this they would be coded once more.
  const init: ResponseInit & { readonly encodeBody?: 'manual' } = {
    status,
    headers: Object.fromEntries(fields),
    encodeBody: 'manual',
  };
  return new Response(body, init);
}

/** Gives back what a body holds that is not sent. Does nothing at its end. Never throws. */
export function abandonReply({ body, pipe }: Reply): void {
  if (pipe !== undefined) pipe.abandon();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => undefined);
}
