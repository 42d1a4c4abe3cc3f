import { steadyTime } from '../clock.ts';
import { printHttpDate, toSeconds, type HeaderList } from '../http/index.ts';
import { newTally, type Tally } from '../store/tally.ts';
import { withTally } from '../store/with-tally.ts';
import { admit } from './admission.ts';
import { printCacheStatus } from './cache-status.ts';
import type { Delivery } from './conduit.ts';
import { corsFields, type CorsPolicy } from './cors.ts';
import { download, type Download } from './download.ts';
import { toFailure } from './failure.ts';
import { explainKey, toPath, type PathResult } from './key.ts';
import { MAX_URL_LENGTH, type Limits } from './limits.ts';
import { toLogEntry, type Log, type Logged } from './log.ts';
import { findMount, type Mount } from './mount.ts';
import { answerPurge, PURGE, type PurgeGuard } from './purge.ts';
import { bare, problem, type Reply, type ReplyBody } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import type { Turnstile } from './turnstile.ts';

/** What requests are answered with. */
export interface ExchangeContext {
  /** In the order in which they are looked at. */
  readonly mounts: readonly Mount[];
  /** For requests that are for no mount. */
  readonly cors: CorsPolicy;
  readonly log: Log;
  readonly logged: Logged;
  readonly limits: Limits;
  readonly turnstile: Turnstile;
  /** Absent where nobody may purge. */
  readonly purge: PurgeGuard | undefined;
}

/** A request, and what its address asks for. */
export interface Target {
  readonly request: RequestHead;
  /** In lower case, without a port. */
  readonly host: string;
  /** The whole path, still encoded. */
  readonly pathname: string;
  /** As it was sent, without the question mark. */
  readonly query: string;
  /** Below where the gateway is mounted in another app, still encoded and without its first slash. */
  readonly path: string;
  /** As the platform knows it; see `AccessRequest`. */
  readonly clientAddress: string | undefined;
  /** See `RequestFacts`. */
  readonly sent: Promise<boolean> | undefined;
  /** Keeps the platform at work that outlasts the answer. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** An answer, and its end. Its platform sends it or abandons it; where it does neither, `Target.sent` ends it. */
export interface Answer {
  readonly status: number;
  /** In the order in which they are sent; of several of one name the values are joined (§5.3). */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: ReplyBody;
  /** When all that was held for it is given back, and the log line is written. Never rejects. */
  readonly ended: Promise<void>;
  /** Gives back what a body holds that is not sent. Does nothing at its end. Never throws. */
  readonly abandon: () => void;
}

/** What is known of a request before anything is done about it. */
interface Facts {
  readonly requestId: string;
  readonly received: Date;
  /** The same moment on the clock for ages. */
  readonly begun: number;
  readonly path: PathResult;
  readonly found: { readonly mount: Mount; readonly key: string } | undefined;
  readonly isAdmitted: boolean;
  readonly tally: Tally;
}

/** One request's way through. It owns the request's slot, body and log line, and ends all three together. */
export async function exchange(target: Target, context: ExchangeContext): Promise<Answer> {
  const path = toPath(target.path);
  const found = path.type === 'path' ? findMount(context.mounts, target.host, `/${path.path}`) : undefined;
  const facts: Facts = {
    requestId: crypto.randomUUID(),
    received: new Date(),
    begun: steadyTime(),
    path,
    found,
    isAdmitted: context.turnstile.enter(),
    tally: newTally(),
  };
  const reply = await answer(target, facts, context);
  const abandon = () => abandonBody(reply);
  const ended = end(reply, target, facts, context);
  try {
    const fields = toFields(reply, target.request, facts, context);
    return { status: reply.status, fields, body: reply.body, ended, abandon };
  } catch (error) {
    abandon();
    throw error;
  }
}

function toFields(
  reply: Reply,
  request: RequestHead,
  { found, tally, received }: Facts,
  { cors }: ExchangeContext,
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  addFields(fields, reply.fields);
  if (HAS_OWN_FIELDS.has(reply.status)) addFields(fields, found?.mount.headers ?? []);
  addFields(fields, corsFields(request, found?.mount.cors ?? cors));
  if (tally.cache !== undefined) fields.set('Cache-Status', printCacheStatus(tally.cache));
  fields.set('Date', printHttpDate(toSeconds(received)));
  return fields;
}

function abandonBody({ body, dispatch }: Reply): void {
  if (dispatch !== undefined) dispatch.abandon();
  else if (body instanceof ReadableStream && !body.locked) body.cancel().catch(() => undefined);
}

/** Waits for the end of an answer, however it ends, then gives the slot back and writes the log line. */
async function end(reply: Reply, target: Target, facts: Facts, context: ExchangeContext): Promise<void> {
  const { log, logged, turnstile } = context;
  const delivery = await toDelivery(reply, target).catch((cause: unknown): Delivery => ({
    outcome: 'failed',
    bytesSent: null,
    bytesRead: null,
    cause,
  }));
  if (facts.isAdmitted) turnstile.leave();
  if (logged === 'errors' && delivery.outcome !== 'failed') return;
  const key = facts.found === undefined ? undefined : keyOf(facts.found);
  try {
    log(toLogEntry({ ...facts, request: target.request, key, reply, end: delivery }));
  } catch (error) {
    // The log's failure is no download's.
    console.error(error);
  }
}

/**
 * How an answer ended: when its body has ended and, where the platform tells, the client has it. An answer that the
 * platform is done with, but whose body has not ended, was dropped on the way, and is abandoned.
 */
async function toDelivery(reply: Reply, { request, sent }: Target): Promise<Delivery> {
  const isSent = sent?.then((all) => {
    abandonBody(reply);
    return all;
  });
  const delivery = await (reply.dispatch?.done ?? delivered(reply, request.signal));
  const isLost = (await isSent) === false && delivery.outcome === 'complete';
  return isLost ? { outcome: 'aborted', bytesSent: null, bytesRead: delivery.bytesRead } : delivery;
}

function addFields(fields: Map<string, string>, list: HeaderList): void {
  for (const [name, value] of list) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
}

async function answer(target: Target, facts: Facts, { limits, purge }: ExchangeContext): Promise<Reply> {
  const { request } = target;
  const { requestId, found } = facts;
  try {
    const refusal = refuse(request, facts, purge);
    if (refusal !== undefined) return refusal;
    if (purge === undefined || request.method !== PURGE) return await serve(target, facts, limits);
    const named = found === undefined ? undefined : { mount: found.mount, key: keyOf(found) };
    return await answerPurge(purge, request.headers, named, requestId);
  } catch (error) {
    const { status, detail, retryAfter, kind } = toFailure(error);
    const fields = retryAfter === undefined ? [] : [['Retry-After', String(retryAfter)] as const];
    return { ...problem(status, detail, requestId, request.method, fields, kind), error };
  }
}

/** What can be answered of a request alone. */
function refuse(request: RequestHead, { requestId, path }: Facts, purge: PurgeGuard | undefined): Reply | undefined {
  const { method, url } = request;
  if (method === 'OPTIONS') return bare(204, [['Allow', ALLOW]]);
  const isPurge = purge !== undefined && method === PURGE;
  if (method !== 'GET' && method !== 'HEAD' && !isPurge) {
    return problem(405, 'Objects can be read, with GET and HEAD, and nothing else.', requestId, method, [
      ['Allow', purge === undefined ? ALLOW : `${ALLOW}, ${PURGE}`],
    ]);
  }
  if (url.length > MAX_URL_LENGTH) {
    const detail = `The address is longer than the ${MAX_URL_LENGTH} characters that it may have.`;
    return problem(414, detail, requestId, method);
  }
  return path.type === 'unsafe' ? problem(400, path.detail, requestId, method) : undefined;
}

async function serve(
  { request, pathname, query, clientAddress, sent, defer }: Target,
  { requestId, received, found, path, isAdmitted, tally }: Facts,
  limits: Limits,
): Promise<Reply> {
  const { headers, signal } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  if (found === undefined || path.type === 'unsafe') return problem(404, 'Nothing is served here.', requestId, method);
  const { mount } = found;
  const applicant = { request, path: pathname, query, clientAddress, received, requestId };
  const admission = await admit(mount.access, applicant);
  if (admission.type === 'refused') return admission.reply;
  const key = keyOf(found);
  const unsafe = explainKey(mount.prefix + key);
  if (unsafe !== undefined) return problem(400, unsafe, requestId, method);
  if (!isAdmitted) {
    return problem(503, 'As many downloads are running as there is room for.', requestId, method, [
      ['Retry-After', '5'],
    ]);
  }
  const store = withTally(mount.downloads.store, tally, defer);
  const { grant } = admission;
  // Not before the address has proved short enough: Node takes 2 s for a query of 1 MB.
  // The `&` because a question mark at the very front would be taken for the query's own.
  const save = query !== '' && new URLSearchParams(`&${query}`).has('download');
  // A platform that tells when an answer is sent ends one that is not taken.
  const idleTimeout = sent === undefined ? limits.idleTimeout : undefined;
  const asked: Download = { method, key, headers, requestId, received, signal, save, grant, idleTimeout };
  return download(asked, { ...mount.downloads, store });
}

const ALLOW = 'GET, HEAD, OPTIONS';

/**
 * The answers to which a mount's own fields are added: bytes, and a 304, from which a cache takes the fields of its
 * stored answer (RFC 9111 §3.2), so that a changed policy reaches stored answers too.
 */
const HAS_OWN_FIELDS = new Set([200, 206, 304]);

/** The key that is read: for a folder, its index document. */
function keyOf({ mount, key }: { readonly mount: Mount; readonly key: string }): string {
  const { index } = mount.settings;
  return index !== undefined && (key === '' || key.endsWith('/')) ? key + index : key;
}

/** How a reply ends whose body is all there: as soon as it is sent. Of a client that left, no failure counts. */
function delivered({ body, error }: Reply, { aborted }: AbortSignal): Delivery {
  const bytesRead = body instanceof Uint8Array ? body.length : 0;
  const bytesSent = typeof body === 'string' ? new TextEncoder().encode(body).length : bytesRead;
  if (error === undefined) return { outcome: 'complete', bytesSent, bytesRead };
  return aborted
    ? { outcome: 'aborted', bytesSent: 0, bytesRead: 0 }
    : { outcome: 'failed', bytesSent, bytesRead, cause: error };
}
