import type { Handler } from 'hono';
import type { Grant } from '../../access/index.ts';
import { exchangeOf, placeOf, type Exchange, type ExchangeContext, type ExchangeEnv } from '../gateway-request.ts';
import { fieldsOf } from '../platform-env.ts';
import { explainKey, type DownloadSource, type FoundPlace } from '../match-mount.ts';
import { bare, problem, type Reply } from '../reply.ts';
import { respond, respondWith } from '../respond.ts';
import {
  boundaryFrom,
  byteHeaders,
  notModifiedHeaders,
  parseRequest,
  printEntityTag,
  toSeconds,
  unsatisfiableHeaders,
  type ByteDecision,
  type Fields,
  type HeaderChoices,
} from '../../http/index.ts';
import { acquire } from '../download/resolve.ts';
import { consign } from '../download/plan-body.ts';
import { fit, type OpenedBytes } from '../download/size-limit.ts';
import type { Tally } from '../../store/request-stats.ts';
import type { ObjectStore } from '../../store/object-store.ts';

/** How downloads are sent. */
export interface DownloadOptions {
  /**
   * How long a body may be left unread, in ms, before it is ended and what it holds is given back. By default 60
   * seconds. `serve` of `rangeway/node` sees to it itself, for all answers.
   */
  readonly idleTimeout?: number;
}

/**
 * Answers GET and HEAD for the key that `mount()` has found, to those that `authorize()` has let in.
 *
 * @example
 * app.get('/files/*', requestId(), mount({ store }), authorize(), download());
 */
export function download({ idleTimeout = 60_000 }: DownloadOptions = {}): Handler<ExchangeEnv> {
  return (c) => {
    const exchange = exchangeOf(c, 'download()');
    const place = placeOf(c, exchange, 'download()');
    if (place.type === 'refused') return respond(c, exchange, place.reply);
    const { grant } = exchange.shared;
    if (grant === undefined)
      throw new Error('download() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, exchange, () => answer(c, exchange, place, grant, idleTimeout));
  };
}

async function answer(
  c: ExchangeContext,
  exchange: Exchange,
  { mount, key, query }: FoundPlace,
  grant: Grant,
  idleTimeout: number,
): Promise<Reply> {
  const { requestId, received, stats, facts, isWatched } = exchange;
  const { signal } = c.req.raw;
  const method = c.req.raw.method === 'HEAD' ? 'HEAD' : 'GET';
  const unsafe = explainKey(mount.prefix + key);
  if (unsafe !== undefined) return problem(400, unsafe, requestId, method);
  const store = withTally(mount.downloads.store, stats, exchange.defer);
  // Not before the address has proved short enough: Node takes 2 s for a query of 1 MB.
  // The `&` because a question mark at the very front would be taken for the query's own.
  const save = query !== '' && new URLSearchParams(`&${query}`).has('download');
  const reply = await toReply(
    {
      method,
      key,
      headers: fieldsOf(exchange.facts, c.req.raw),
      requestId,
      received,
      signal,
      save,
      grant,
      // A platform that tells when an answer is sent ends one that is not taken.
      idleTimeout: facts.sent === undefined ? idleTimeout : undefined,
    },
    { ...mount.downloads, store, isWatched },
  );
  const { status, content } = reply;
  if (content !== undefined && !exchange.isSettled) for (const start of exchange.starts) start(status, content);
  if (mount.headers.length === 0 || !HAS_OWN_FIELDS.has(status)) return reply;
  return { ...reply, fields: [...reply.fields, ...mount.headers] };
}

/**
 * The answers to which a mount's own fields are added: bytes, and a 304, from which a cache takes the fields of its
 * stored answer (RFC 9111 §3.2), so that a changed policy reaches stored answers too.
 */
const HAS_OWN_FIELDS = new Set([200, 206, 304]);

/** A GET or HEAD of a key. */
interface Download {
  readonly method: 'GET' | 'HEAD';
  readonly key: string;
  readonly headers: Fields;
  readonly requestId: string;
  readonly received: Date;
  readonly signal: AbortSignal;
  /** Whether the client asks for a file to keep, not to look at. */
  readonly save: boolean;
  /** What it was let in with. */
  readonly grant: Grant;
  /** How long its body may be left unread, in ms; `undefined` where the platform sees to it. */
  readonly idleTimeout: number | undefined;
}

/** What a download is answered with and from. */
interface DownloadContext extends DownloadSource {
  /** Whether a part has to know how the body ends. */
  readonly isWatched: boolean;
}

/**
 * One download, from header fields to a body on its way.
 *
 * @throws StoreError where the storage can't answer
 */
async function toReply(request: Download, context: DownloadContext): Promise<Reply> {
  const { method, key, headers, requestId, received, signal } = request;
  const parsed = { ...parseRequest(method, headers, context.policy, toSeconds(received)), signal };
  const acquisition = await acquire(context.store, key, parsed, context.policy);
  switch (acquisition.status) {
    case 404:
      return problem(404, 'There is no such object.', requestId, method);
    case 412:
      return problem(412, 'The object is not the version that the request is for.', requestId, method);
    case 416: {
      const { size } = acquisition;
      return problem(
        416,
        `No byte of the range is in the object, which has ${size}.`,
        requestId,
        method,
        unsatisfiableHeaders(size),
      );
    }
    case 304:
      return bare(304, notModifiedHeaders(acquisition.metadata, chooseHeaders(request, context)));
    case 200:
    case 206: {
      const { representation, first } = acquisition;
      const choices = chooseHeaders(request, context, acquisition.decision);
      if (first === undefined)
        return bare(acquisition.status, byteHeaders(acquisition.decision, representation, choices));
      const { disposition } = choices;
      const evaluated = { key, requestId, parsed, signal, disposition };
      const opened = { ...acquisition, first };
      const fitted =
        context.overflow === undefined
          ? ({ type: 'bytes', ...opened } as const)
          : await fit(opened, evaluated, context.store, context.overflow);
      if (fitted.type === 'reply') return fitted.reply;
      try {
        return sendBytes(fitted, request, choices, context);
      } catch (error) {
        await fitted.first.body.cancel().catch(() => undefined);
        throw error;
      }
    }
  }
}

/** Puts the bytes on their way. Until it returns, the open read is the caller's to give back. */
function sendBytes(
  { decision, representation, first }: OpenedBytes,
  { key, signal, idleTimeout }: Download,
  choices: HeaderChoices,
  { conduit, isWatched, store }: DownloadContext,
): Reply {
  const { status } = decision;
  const fields = byteHeaders(decision, representation, choices);
  const { bytes } = first;
  const { etag, size } = representation;
  const about = { etag: etag === undefined ? undefined : printEntityTag(etag), size };
  if (isWholeAnswer(decision) && (bytes !== undefined || (!isWatched && first.isSealed === true))) {
    const content = { ...about, parts: () => [{ head: 0, span: first.span }] };
    return { status, fields, body: bytes ?? first.body, content };
  }
  const { boundary } = choices;
  const consignment = consign(decision, first, { store, key, boundary, signal, idleTimeout });
  const { body, ...dispatch } = conduit.dispatch(consignment);
  const parts = () =>
    consignment.reads.flatMap((read) => read.parts.map((part) => ({ head: part.head.length, span: part.span })));
  return { status, fields, body, dispatch, content: { ...about, parts } };
}

/** Whether one read brings the answer's bytes, and nothing else. */
function isWholeAnswer(decision: ByteDecision): boolean {
  return decision.status === 200 || decision.form === 'single';
}

function chooseHeaders(request: Download, context: DownloadContext, decision?: ByteDecision): HeaderChoices {
  const { fileName, isPrivate } = request.grant;
  const type = request.save || fileName !== undefined ? 'attachment' : context.disposition;
  return {
    cacheControl: context.cacheControl,
    isPrivate,
    disposition: type === undefined ? undefined : { type, key: fileName ?? request.key },
    boundary: decision?.status === 206 && decision.form === 'multipart' ? drawBoundary() : '',
    now: toSeconds(request.received),
  };
}

function drawBoundary(): string {
  return boundaryFrom(crypto.getRandomValues(new Uint8Array(16)));
}

/** The same store, whose calls are all on this tally, and defer what outlasts them. */
export function withTally(store: ObjectStore, tally: Tally, defer: (work: Promise<unknown>) => void): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, tally, defer }),
    read: (key, options) => store.read(key, { ...options, tally, defer }),
  };
}
