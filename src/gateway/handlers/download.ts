import type { Handler } from 'hono';
import type { Grant } from '../../access/index.ts';
import { parseRequest, toSeconds } from '../../http/index.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { answerDownload } from '../download/answer-download.ts';
import { type DownloadContext } from '../download/download-context.ts';
import {
  gatewayRequestOf,
  matchOf,
  type GatewayContext,
  type GatewayEnv,
  type GatewayRequest,
  fieldsOf,
} from '../gateway-request.ts';
import { explainKey, type MatchedMount } from '../match-mount.ts';
import { problemReply, type Reply } from '../reply.ts';
import { respond, respondWith } from '../handle-request.ts';

/** How downloads are sent. */
export interface DownloadOptions {
  /**
   * How long a body may be left unread, in ms, before it is ended and its storage connection is closed. By default
   * 60,000. `serve` of `rangeway/node` has a limit of its own, for all answers.
   */
  readonly idleTimeout?: number;
}

/**
 * Answers GET and HEAD for the key that `mount()` has found, if `authorize()` has granted access.
 *
 * @param options see {@link DownloadOptions}
 * @returns a handler for routes of GET. It throws an Error if `mount()` or `authorize()` is missing before it
 * @example
 * app.get('/files/*', requestId(), mount({ store }), authorize(), download());
 */
export function download({ idleTimeout = 60_000 }: DownloadOptions = {}): Handler<GatewayEnv> {
  return (c) => {
    const request = gatewayRequestOf(c, 'download()');
    const match = matchOf(c, request, 'download()');
    if (match.type === 'refused') return respond(c, request, match.reply);
    const { grant } = request.shared;
    if (grant === undefined)
      throw new Error('download() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, request, () => answer(c, request, match, grant, idleTimeout));
  };
}

async function answer(
  c: GatewayContext,
  request: GatewayRequest,
  match: MatchedMount,
  grant: Grant,
  idleTimeout: number,
): Promise<Reply> {
  const { mount, key } = match;
  const { raw } = c.req;
  const method = raw.method === 'HEAD' ? 'HEAD' : 'GET';
  const invalidKey = explainKey(mount.prefix + key);
  if (invalidKey !== undefined) return problemReply(400, invalidKey, request.requestId, method);
  const { policy } = mount.downloads;
  const parsed = parseRequest(method, fieldsOf(request.platform, raw), policy, toSeconds(request.received));
  const reply = await answerDownload(parsed, toContext(request, match, grant, raw.signal, idleTimeout));
  const { status, content } = reply;
  if (content !== undefined && !request.isSettled) for (const start of request.starts) start(status, content);
  if (mount.headers.length === 0 || !HAS_MOUNT_HEADERS.has(status)) return reply;
  return { ...reply, fields: [...reply.fields, ...mount.headers] };
}

/**
 * Statuses of the answers to which the setting `headers` of a mount is added: bytes, and a 304, from which a cache
 * updates the fields of its stored answer (RFC 9111 §3.2), so that a changed policy reaches stored answers too.
 */
const HAS_MOUNT_HEADERS = new Set([200, 206, 304]);

function toContext(
  request: GatewayRequest,
  { mount, key, query }: MatchedMount,
  { fileName, isPrivate }: Grant,
  signal: AbortSignal,
  idleTimeout: number,
): DownloadContext {
  const { requestId, platform, needsOutcome } = request;
  const { downloads } = mount;
  const type = fileName !== undefined || isAttachment(query) ? 'attachment' : downloads.disposition;
  return {
    ...downloads,
    store: countedStore(downloads.store, request),
    key,
    requestId,
    signal,
    isPrivate,
    contentDisposition: type === undefined ? undefined : { type, key: fileName ?? key },
    needsOutcome,
    // A platform that reports when an answer is sent has a limit of its own.
    idleTimeout: platform.sent === undefined ? idleTimeout : undefined,
  };
}

/**
 * Whether the query has the parameter `download`. Called after the length of the address was checked: Node parses a
 * query of 1 MB in 2 s. The `&` is there because URLSearchParams would drop a question mark at the very front.
 */
function isAttachment(query: string): boolean {
  return query !== '' && new URLSearchParams(`&${query}`).has('download');
}

/** The store, whose calls are counted in the stats of this request, and defer work that outlasts them. */
function countedStore(store: ObjectStore, { stats, defer }: GatewayRequest): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, stats, defer }),
    read: (key, options) => store.read(key, { ...options, stats, defer }),
  };
}
