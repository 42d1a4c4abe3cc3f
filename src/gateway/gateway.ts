import { Hono, type Context } from 'hono';
import { routePath } from 'hono/route';
import { printHttpDate, toSeconds } from '../http/index.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { portableConduit, type Conduit, type Delivery } from './conduit.ts';
import { isPreflight, setCorsHeaders, setPreflightHeaders } from './cors.ts';
import { download, type DownloadContext } from './download.ts';
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
  const app = new Hono();
  app.all('*', async (c) => {
    const { response, ended } = await exchange(c.req.raw, pathBelowMount(c), {
      store,
      conduit,
      log,
      settings,
      overflow,
    });
    keepAlive(c, ended);
    return response;
  });
  return app;
}

interface GatewayContext {
  readonly store: ObjectStore;
  readonly conduit: Conduit;
  readonly log: Log;
  readonly settings: Settings;
  readonly overflow: Overflow | undefined;
}

interface Exchange {
  readonly response: Response;
  /** When the log line is written. Never rejects. */
  readonly ended: Promise<void>;
}

/** One request's way through, and its log line. */
async function exchange(request: Request, path: string, context: GatewayContext): Promise<Exchange> {
  const requestId = crypto.randomUUID();
  const received = new Date();
  const counted = countReads(context.store);
  const key = withIndex(toKey(path), context.settings.index);
  const reply = await answer(request, key, { requestId, received }, { ...context, store: counted.store });
  setCorsHeaders(reply.headers, request, context.settings.cors.origins);
  reply.headers.set('Date', printHttpDate(toSeconds(received)));
  const delivery = reply.delivery ?? Promise.resolve(delivered(reply));
  const ended = delivery.then((end) => {
    context.log(toLogEntry({ request, key, requestId, received, reply, end, storageReads: counted.count() }));
  });
  return { response: toResponse(reply), ended };
}

async function answer(
  request: Request,
  key: KeyResult,
  { requestId, received }: { readonly requestId: string; readonly received: Date },
  context: GatewayContext,
): Promise<Reply> {
  const { method } = request;
  if (method === 'OPTIONS') return answerOptions(request);
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'Objects can be read, with GET and HEAD, and nothing else.', requestId, method, [
      ['Allow', ALLOW],
    ]);
  }
  if (key.type === 'unsafe') return problem(400, key.detail, requestId, method);
  try {
    const save = new URL(request.url).searchParams.has('download');
    const { headers, signal } = request;
    return await download(
      { method, key: key.key, headers, requestId, received, signal, save },
      toDownloadContext(context),
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

function toDownloadContext({ store, conduit, settings, overflow }: GatewayContext): DownloadContext {
  const { cacheControl, disposition } = settings;
  return { store, conduit, policy: toRangePolicy(settings), cacheControl, disposition, overflow };
}

/** The path of the URL below where the gateway is mounted, still encoded and without its first slash. */
function pathBelowMount(c: Context): string {
  const mount = routePath(c).replace(/\/\*$/, '');
  return new URL(c.req.raw.url).pathname.slice(mount.length + 1);
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
