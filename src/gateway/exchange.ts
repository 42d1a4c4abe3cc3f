import { printHttpDate, toSeconds } from '../http/index.ts';
import { newTally, withTally, type Tally } from '../store/tally.ts';
import type { Delivery } from './conduit.ts';
import { isPreflight, setCorsHeaders, setPreflightHeaders } from './cors.ts';
import { download, type DownloadContext } from './download.ts';
import { toFailure } from './failure.ts';
import { toKey, type KeyResult } from './key.ts';
import { describeError, type Log, type LogEntry } from './log.ts';
import { bare, problem, type Reply } from './reply.ts';
import type { Settings } from './settings.ts';
import type { Turnstile } from './turnstile.ts';

/** What requests are answered with. */
export interface ExchangeContext {
  readonly downloads: DownloadContext;
  readonly log: Log;
  readonly settings: Settings;
  readonly turnstile: Turnstile;
}

/** A request, and what its address asks for. */
export interface Target {
  readonly request: Request;
  /** Below where the gateway is mounted, still encoded and without its first slash. */
  readonly path: string;
  /** Whether `?download` is there. */
  readonly save: boolean;
}

/** An answer, and its end. */
export interface Exchange {
  readonly response: Response;
  /** When the log line is written. Never rejects. */
  readonly ended: Promise<void>;
}

/** What is known of a request before anything is done about it. */
interface Facts {
  readonly requestId: string;
  readonly received: Date;
  readonly key: KeyResult;
}

/** One request's way through, and its log line. */
export async function exchange(target: Target, context: ExchangeContext): Promise<Exchange> {
  const { request, path } = target;
  const { settings, turnstile, log } = context;
  const key = withIndex(toKey(path), settings.index);
  const facts = { requestId: crypto.randomUUID(), received: new Date(), key };
  const tally = newTally();
  const isAdmitted = turnstile.enter();
  const reply = await answer(target, facts, isAdmitted, context, tally);
  setCorsHeaders(reply.headers, request, settings.cors.origins);
  reply.headers.set('Date', printHttpDate(toSeconds(facts.received)));
  const delivery = reply.delivery ?? Promise.resolve(delivered(reply));
  const ended = delivery.then((end) => {
    if (isAdmitted) turnstile.leave();
    log(toLogEntry(request, facts, reply, end, tally));
  });
  return { response: toResponse(reply), ended };
}

async function answer(
  { request, save }: Target,
  { requestId, received, key }: Facts,
  isAdmitted: boolean,
  { downloads, settings }: ExchangeContext,
  tally: Tally,
): Promise<Reply> {
  const { method, headers, signal, url } = request;
  if (method === 'OPTIONS') return answerOptions(request);
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'Objects can be read, with GET and HEAD, and nothing else.', requestId, method, [
      ['Allow', ALLOW],
    ]);
  }
  const { urlLength } = settings.limits;
  if (url.length > urlLength) {
    return problem(414, `The address is longer than the ${urlLength} characters that it may have.`, requestId, method);
  }
  if (key.type === 'unsafe') return problem(400, key.detail, requestId, method);
  if (!isAdmitted) {
    return problem(503, 'As many downloads are running as there is room for.', requestId, method, [
      ['Retry-After', '5'],
    ]);
  }
  try {
    const store = withTally(downloads.store, tally);
    return await download(
      { method, key: key.key, headers, requestId, received, signal, save },
      { ...downloads, store },
    );
  } catch (error) {
    const { status, detail, retryAfter } = toFailure(error);
    const fields = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
    return { ...problem(status, detail, requestId, method, fields), error };
  }
}

const ALLOW = 'GET, HEAD, OPTIONS';

function answerOptions(request: Request): Reply {
  const reply = bare(204, [['Allow', ALLOW]]);
  if (isPreflight(request)) setPreflightHeaders(reply.headers);
  return reply;
}

function withIndex(result: KeyResult, index: string | undefined): KeyResult {
  if (index === undefined || result.type === 'unsafe') return result;
  const { key } = result;
  return key === '' || key.endsWith('/') ? { type: 'key', key: key + index } : result;
}

function toResponse({ status, headers, body }: Reply): Response {
  // Workers: bytes with a stored Content-Encoding are coded already; without this they would be coded once more.
  const init: ResponseInit & { readonly encodeBody?: 'manual' } = { status, headers, encodeBody: 'manual' };
  return new Response(body, init);
}

/** A reply whose body is all there counts as sent. */
function delivered({ body, error }: Reply): Delivery {
  const bytesSent = typeof body === 'string' ? new TextEncoder().encode(body).length : 0;
  return error === undefined
    ? { outcome: 'complete', bytesSent, bytesRead: 0 }
    : { outcome: 'failed', bytesSent, bytesRead: 0, cause: error };
}

function toLogEntry(
  { method, headers }: Request,
  { requestId, received, key }: Facts,
  { status }: Reply,
  end: Delivery,
  tally: Tally,
): LogEntry {
  return {
    time: received.toISOString(),
    requestId,
    method,
    key: key.type === 'key' ? key.key : null,
    status,
    range: headers.get('Range')?.slice(0, 200) ?? null,
    bytesSent: end.bytesSent,
    storageReads: tally.operations,
    continued: tally.continued,
    bytesRead: end.bytesRead,
    durationMs: Date.now() - received.getTime(),
    outcome: end.outcome,
    ...(end.outcome === 'failed' ? { error: describeError(end.cause) } : {}),
  };
}
