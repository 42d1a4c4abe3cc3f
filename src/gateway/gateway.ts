import { Hono, type Context } from 'hono';
import { routePath } from 'hono/route';
import { printHttpDate, toSeconds } from '../http/index.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { portableConduit, type Conduit, type Delivery } from './conduit.ts';
import { isPreflight, setCorsHeaders, setPreflightHeaders } from './cors.ts';
import { download, type Download, type DownloadContext } from './download.ts';
import { toFailure } from './failure.ts';
import { toKey, type KeyResult } from './key.ts';
import { consoleLog, describeError, type Log, type LogEntry } from './log.ts';
import type { Overflow } from './overflow.ts';
import { bare, problem, type Reply } from './reply.ts';
import { parseSettings, toRangePolicy, type Settings, type SettingsInput } from './settings.ts';

/** What a gateway is made of. */
export interface GatewayOptions extends SettingsInput {
  /** Where the objects are. */
  readonly store: ObjectStore;
  /** How bytes move on this platform. By default in JavaScript; on Workers, `rangeway/workers` has a native one. */
  readonly conduit?: Conduit;
  /** Where log entries go. By default to the console, a line of JSON each. */
  readonly log?: Log;
  /** What the platform can't send, and what is done about it. By default everything fits. */
  readonly overflow?: Overflow;
}

/**
 * Makes a download gateway: a Hono app that answers GET, HEAD and OPTIONS for the keys of a store, at the root or
 * wherever `app.route(path, gateway)` mounts it.
 *
 * @throws SettingsError naming each field that is unknown or wrong, and what it takes
 */
export function createGateway(options: GatewayOptions): Hono {
  const { store, conduit = portableConduit, log = consoleLog, overflow, ...input } = options;
  const settings = parseSettings(input);
  const { cacheControl, disposition } = settings;
  const downloads = { store, conduit, policy: toRangePolicy(settings), cacheControl, disposition, overflow };
  const context = { downloads, log, settings };
  const app = new Hono();
  app.all('*', async (c) => {
    const { response, ended } = await exchange(toTarget(c), context);
    keepAlive(c, ended);
    return response;
  });
  return app;
}

interface GatewayContext {
  readonly downloads: DownloadContext;
  readonly log: Log;
  readonly settings: Settings;
}

/** A request, and what its address asks for. */
interface Target {
  readonly request: Request;
  /** Below where the gateway is mounted, still encoded and without its first slash. */
  readonly path: string;
  /** Whether `?download` is there. */
  readonly save: boolean;
}

interface Exchange {
  readonly response: Response;
  /** When the log line is written. Never rejects. */
  readonly ended: Promise<void>;
}

/** One request's way through, and its log line. */
async function exchange(
  { request, path, save }: Target,
  { downloads, log, settings }: GatewayContext,
): Promise<Exchange> {
  const requestId = crypto.randomUUID();
  const received = new Date();
  const counted = countReads(downloads.store);
  const key = withIndex(toKey(path), settings.index);
  const reply = await answer(request, key, { requestId, received, save }, { ...downloads, store: counted.store });
  setCorsHeaders(reply.headers, request, settings.cors.origins);
  reply.headers.set('Date', printHttpDate(toSeconds(received)));
  const delivery = reply.delivery ?? Promise.resolve(delivered(reply));
  const ended = delivery.then((end) => {
    log(toLogEntry({ request, key, requestId, received, reply, end, storageReads: counted.count() }));
  });
  return { response: toResponse(reply), ended };
}

async function answer(
  request: Request,
  key: KeyResult,
  facts: Pick<Download, 'requestId' | 'received' | 'save'>,
  context: DownloadContext,
): Promise<Reply> {
  const { method, headers, signal } = request;
  const { requestId } = facts;
  if (method === 'OPTIONS') return answerOptions(request);
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'Objects can be read, with GET and HEAD, and nothing else.', requestId, method, [
      ['Allow', ALLOW],
    ]);
  }
  if (key.type === 'unsafe') return problem(400, key.detail, requestId, method);
  try {
    return await download({ ...facts, method, key: key.key, headers, signal }, context);
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

function toTarget(c: Context): Target {
  const mount = routePath(c).replace(/\/\*$/, '');
  const { pathname, searchParams } = new URL(c.req.raw.url);
  return { request: c.req.raw, path: pathname.slice(mount.length + 1), save: searchParams.has('download') };
}

function withIndex(result: KeyResult, index: string | undefined): KeyResult {
  if (index === undefined || result.type === 'unsafe') return result;
  const { key } = result;
  return key === '' || key.endsWith('/') ? { type: 'key', key: key + index } : result;
}

function countReads(store: ObjectStore): { readonly store: ObjectStore; readonly count: () => number } {
  let reads = 0;
  return {
    count: () => reads,
    store: {
      head: (...args) => (reads++, store.head(...args)),
      read: (...args) => (reads++, store.read(...args)),
    },
  };
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

/** Workers end a request's work when its response has ended, and the log line is written just after. */
function keepAlive(c: Context, ended: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(ended);
  } catch {
    // Hono throws where the platform has no execution context; there, nothing has to be kept alive.
  }
}

interface LogFacts {
  readonly request: Request;
  readonly key: KeyResult;
  readonly requestId: string;
  readonly received: Date;
  readonly reply: Reply;
  readonly end: Delivery;
  readonly storageReads: number;
}

function toLogEntry({ request, key, requestId, received, reply, end, storageReads }: LogFacts): LogEntry {
  return {
    time: received.toISOString(),
    requestId,
    method: request.method,
    key: key.type === 'key' ? key.key : null,
    status: reply.status,
    range: request.headers.get('Range')?.slice(0, 200) ?? null,
    bytesSent: end.bytesSent,
    storageReads,
    bytesRead: end.bytesRead,
    durationMs: Date.now() - received.getTime(),
    outcome: end.outcome,
    ...(end.outcome === 'failed' ? { error: describeError(end.cause) } : {}),
  };
}
