import type { Next } from 'hono';
import type { TransferOutcome } from './download/body-pipe.ts';
import { fieldsOf, type GatewayContext, type GatewayRequest } from './gateway-request.ts';
import type { Reply, OutgoingResponse } from './reply.ts';
import { printCacheStatus, printHttpDate, toSeconds, type HeaderList } from '../http/index.ts';
import { errorReply } from './error-reply.ts';

/**
 * Runs the later middleware and the handler of one request. Every request ends in this function, whether it completes,
 * fails, or is aborted by the client.
 *
 * @param next the `next` of the Hono middleware that calls it
 * @throws the error that later middleware or a handler of the app throws
 */
export async function handleRequest(c: GatewayContext, request: GatewayRequest, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    endRequest(c, request, 500, error);
    throw error;
  }
  addCommonFields(c, request);
  endRequest(c, request, c.res.status, undefined);
}

/**
 * Waits for the end of the response, whatever its outcome, then calls the `onEnd` functions, which release slots and
 * report to observers.
 *
 * @param status of the response that is sent
 * @param error thrown by the app, if no response was made for it
 */
function endRequest(c: GatewayContext, request: GatewayRequest, status: number, error: unknown): void {
  request.isSettled = true;
  const { reply, platform } = request;
  const { signal } = c.req.raw;
  const cause = error ?? reply?.error ?? c.error;
  const report = (transfer: TransferOutcome) => {
    for (const end of request.onEnd.toReversed()) attempt(() => end({ status, reply, transfer }));
  };
  const done = reply?.pipe?.done;
  if (done === undefined && platform.sent === undefined) return report(unpipedOutcome(reply, cause, signal));
  const ended = transferOutcome(reply, done ?? unpipedOutcome(reply, cause, signal), platform.sent);
  request.defer(
    ended
      .catch((failure: unknown): TransferOutcome => ({ outcome: 'failed', ...UNKNOWN_COUNTS, cause: failure }))
      .then(report),
  );
}

const UNKNOWN_COUNTS = { bytesSent: null, bytesRead: null };

/** Calls a function and logs the error it throws. An observer that throws must not fail the download. */
export function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error(error);
  }
}

/**
 * Waits for the end of the body and, if the platform reports it, for the end of the transfer to the client. If the
 * transfer has ended but the body has not, the response was dropped unsent, so its body is closed.
 *
 * @param done the outcome of the body
 * @param sent whether the platform has sent all bytes; `undefined` if it does not report that
 */
async function transferOutcome(
  reply: Reply | undefined,
  done: TransferOutcome | Promise<TransferOutcome>,
  sent: Promise<boolean> | undefined,
): Promise<TransferOutcome> {
  const isSent = sent?.then((isComplete) => {
    if (reply !== undefined) closeReply(reply);
    return isComplete;
  });
  const transfer = await done;
  if ((await isSent) !== false || transfer.outcome !== 'complete') return transfer;
  // The client left while the end of the body was in the buffers of the connection. As for a body that is cancelled,
  // the bytes that were written count, but for the last one, which was not sent.
  const { bytesSent, bytesRead } = transfer;
  return { outcome: 'aborted', bytesSent: bytesSent === null ? null : Math.max(0, bytesSent - 1), bytesRead };
}

/**
 * Returns the outcome of a response without a pipe, which ends as soon as it is made. A failure after the client has
 * disconnected counts as aborted.
 */
function unpipedOutcome(reply: Reply | undefined, cause: unknown, { aborted }: AbortSignal): TransferOutcome {
  const body = reply?.body ?? null;
  const bytesRead = body instanceof Uint8Array ? body.length : 0;
  const bytesSent = typeof body === 'string' ? new TextEncoder().encode(body).length : bytesRead;
  if (cause !== undefined) {
    return aborted
      ? { outcome: 'aborted', bytesSent: 0, bytesRead: 0 }
      : { outcome: 'failed', bytesSent, bytesRead, cause };
  }
  // The body of a response that the app made itself is not counted.
  return { outcome: 'complete', bytesSent: reply === undefined ? null : bytesSent, bytesRead };
}

/**
 * Makes the Response of a reply, with the fields that every response has. An earlier reply to the same request is
 * closed unsent.
 *
 * Fields that the app has set with `c.header` before are kept. Hono loses them if a handler makes its Response itself.
 */
export function respond(c: GatewayContext, request: GatewayRequest, made: Reply): Response {
  const reply = made.problem === undefined ? made : shownError(c, request, made);
  if (request.reply !== undefined) closeReply(request.reply);
  request.reply = reply;
  try {
    const fields = new Map<string, string>();
    addFields(fields, reply.fields);
    for (const source of request.commonFields) addFields(fields, source());
    const { cache } = request.stats;
    if (cache !== undefined) fields.set('Cache-Status', printCacheStatus(cache));
    fields.set('Date', printHttpDate(toSeconds(request.received)));
    const prepared = request.isStandalone ? undefined : c.newResponse(null).headers;
    if (prepared !== undefined) addPreparedFields(fields, prepared);
    const { toResponse = webResponse } = request.platform;
    const response = toResponse({ status: reply.status, fields, body: reply.body });
    // Set-Cookie is the only field whose values can't be joined (§5.3).
    for (const cookie of prepared?.getSetCookie() ?? []) response.headers.append('Set-Cookie', cookie);
    request.response = response;
    if (request.isSettled) closeReply(reply);
    return response;
  } catch (error) {
    closeReply(reply);
    throw error;
  }
}

function shownError(c: GatewayContext, { toErrorPage, platform, requestId }: GatewayRequest, made: Reply): Reply {
  return toErrorPage === undefined ? made : toErrorPage(made, fieldsOf(platform, c.req.raw), requestId);
}

/**
 * Responds with the reply of `work`, or with an error reply if it throws. Errors are mapped here and not in an
 * `onError` of the gateway: if an app with `onError` is mounted by `route`, Hono wraps each of its handlers, which
 * costs a fifth of the time of a small request.
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

/** Adds the fields that every response has to a Response that the app has made itself. */
function addCommonFields(c: GatewayContext, { commonFields, response }: GatewayRequest): void {
  if (c.res === response) return;
  for (const [name, value] of commonFields.flatMap((source) => source())) {
    const { headers } = c.res;
    if (name !== 'Vary') headers.set(name, value);
    else if (!hasMember(headers.get(name), value)) headers.append(name, value);
  }
}

function hasMember(list: string | null, value: string): boolean {
  return list?.split(/\s*,\s*/).some((item) => item.toLowerCase() === value.toLowerCase()) ?? false;
}

function addFields(fields: Map<string, string>, list: HeaderList): void {
  for (const [name, value] of list) {
    const previous = fields.get(name);
    fields.set(name, previous === undefined ? value : `${previous}, ${value}`);
  }
}

/** Adds the fields that the app has set with `c.header`. Those of the reply take precedence; Vary is merged. */
function addPreparedFields(fields: Map<string, string>, prepared: Headers): void {
  let names: Set<string> | undefined;
  prepared.forEach((value, name) => {
    if (CONTENT_FIELDS.test(name)) return;
    names ??= new Set([...fields.keys()].map((key) => key.toLowerCase()));
    if (!names.has(name)) fields.set(name, value);
    else if (name === 'vary') fields.set('Vary', `${fields.get('Vary')}, ${value}`);
  });
}

/**
 * Fields of content and validators, which are never taken from the app: a reply without them, such as a 304 or 204,
 * must not get them. Set-Cookie is added separately.
 */
const CONTENT_FIELDS =
  /^(?:content-(?:encoding|length|range|type)|transfer-encoding|accept-ranges|etag|last-modified|set-cookie)$/;

function webResponse({ status, fields, body }: OutgoingResponse): Response {
  // An object with a stored Content-Encoding is encoded already. Without `manual`, Workers would encode it again.
  const init: ResponseInit & { readonly encodeBody?: 'manual' } = {
    status,
    headers: Object.fromEntries(fields),
    encodeBody: 'manual',
  };
  return new Response(body, init);
}

/** Closes the body of a reply that is not sent. Does nothing if the body has ended. Never throws. */
function closeReply({ body, pipe }: Reply): void {
  if (pipe !== undefined) pipe.abandon();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => undefined);
}
