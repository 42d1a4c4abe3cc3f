import type { Handler } from 'hono';
import type { Grant } from '../../access/index.ts';
import { isReservedKey } from '../../store/key-rules.ts';
import { hasParameter, parseRequest, repeatableQuery, toSeconds, type HeaderList } from '../../http/index.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { answerDownload } from '../download/answer-download.ts';
import {
  announcement,
  answerPieces,
  digestFormOf,
  transferAnnouncement,
  type DigestAddress,
} from '../download/answer-pieces.ts';
import { type DownloadContext } from '../download/download-context.ts';
import {
  gatewayRequestOf,
  matchOf,
  type GatewayContext,
  type GatewayEnv,
  type GatewayRequest,
  fieldsOf,
} from '../gateway-request.ts';
import { keyLengthError, type MatchedMount } from '../match-mount.ts';
import { problemReply, type Reply } from '../reply.ts';
import { prefersPage } from '../middleware/error-pages.ts';
import { notFoundDocument } from './not-found.ts';
import { folderRedirect, type FolderHandler, type FolderRequest } from './listing.ts';
import { respond, respondWith } from '../handle-request.ts';

/** Options of {@link download}. */
export interface DownloadOptions {
  /**
   * How long the client may read no byte of a body, in ms, before the body and its storage connection are closed. By
   * default 60,000. `serve` of `rangeway/node` has a timeout of its own, for all responses.
   */
  readonly idleTimeout?: number;
  /** Answers requests for folders: `listing()`. By default they are 404 if they have no index document. */
  readonly folders?: FolderHandler | undefined;
}

/**
 * Answers GET and HEAD for the key that `mount()` has found, if `authorize()` has granted access: with 200, 206, 304,
 * 412 or 416 as RFC 9110 §13 and §14 say, or with a problem+json error.
 *
 * @returns a handler for routes of GET. It throws an Error if `mount()` or `authorize()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { authorize, download, memoryStore, mount, requestId } from 'rangeway';
 *
 * const app = new Hono();
 * app.get('/files/*', requestId(), mount({ store: memoryStore() }), authorize(), download());
 */
export function download({ idleTimeout = 60_000, folders }: DownloadOptions = {}): Handler<GatewayEnv> {
  return (c) => {
    const request = gatewayRequestOf(c, 'download()');
    const match = matchOf(c, request, 'download()');
    if (match.type === 'refused') return respond(c, request, match.reply);
    const { grant } = request.shared;
    if (grant === undefined)
      throw new Error('download() needs authorize() before it, which asks the rule of the mount');
    return respondWith(c, request, () => toReply(c, request, match, grant, idleTimeout, folders));
  };
}

async function toReply(
  c: GatewayContext,
  request: GatewayRequest,
  match: MatchedMount,
  grant: Grant,
  idleTimeout: number,
  folders: FolderHandler | undefined,
): Promise<Reply> {
  const { mount, key } = match;
  const { raw } = c.req;
  const method = raw.method === 'HEAD' ? 'HEAD' : 'GET';
  const invalidKey = keyLengthError(mount.prefix + key);
  if (invalidKey !== undefined) return problemReply(400, invalidKey, request.requestId, method);
  const { policy } = mount.downloads;
  const fields = fieldsOf(request.platform, raw);
  const parsed = parseRequest(method, fields, policy, toSeconds(request.received));
  const context = toContext(request, match, grant, raw.signal, idleTimeout);
  if (isReservedKey(mount.prefix + key)) return missing(context, method);
  const folder = { match, request: parsed, fields, context };
  // A folder that can have no index document is listed without a read of its key.
  const isFolder = match.folder !== undefined && mount.settings.index === undefined;
  const listed = isFolder ? await folders?.(folder) : undefined;
  if (listed !== undefined) return withFields(listed, mount.headers);
  const repeated = repeatableQuery(match.query, context.isPrivate);
  const form = mount.pieces === undefined ? undefined : digestFormOf(match.query);
  const reply =
    form === undefined || mount.pieces === undefined
      ? await answerDownload(parsed, context)
      : await answerPieces(
          form,
          parsed,
          context,
          mount.pieces,
          request.stats,
          addressFor(match.pathname, repeated, request, raw),
          fileNameOf(match, grant),
        );
  if (reply === undefined || (reply.status === 404 && form === undefined)) {
    const other = (await replyForMissing(folder, isFolder ? undefined : folders)) ?? reply ?? missing(context, method);
    return withFields(other, mount.headers);
  }
  const { status, content } = reply;
  const hasBytes = status === 200 || status === 206;
  if (content !== undefined && hasBytes && !request.isSettled)
    for (const start of request.onStart) start(status, content);
  const shown = withFields(reply, mount.headers);
  if (form !== undefined || !hasBytes) return shown;
  const address = { pathname: match.pathname, query: repeated };
  const links = mount.pieces === undefined ? [] : announcement(address);
  const hasTransfer = request.hasOwnTransfer && context.isPrivate;
  return withFields(shown, hasTransfer ? [...links, ...transferAnnouncement(address, links)] : links);
}

/** Adds fields to a response with content, and to a 304. */
function withFields(reply: Reply, added: HeaderList): Reply {
  if (added.length === 0 || !HAS_MOUNT_HEADERS.has(reply.status)) return reply;
  return { ...reply, fields: [...reply.fields, ...added] };
}

/** Answers a path without an object: a listing, a redirect to a folder, or the document for missing objects. */
async function replyForMissing(request: FolderRequest, folders: FolderHandler | undefined): Promise<Reply | undefined> {
  const { match, fields, context } = request;
  const { method } = request.request;
  const reply = (await folders?.(request)) ?? (await redirectToIndex(match, context));
  if (reply !== undefined) return reply;
  const { notFound } = match.mount.settings;
  return notFound !== undefined && prefersPage(fields) ? notFoundDocument(notFound, method, context) : undefined;
}

function missing({ requestId }: DownloadContext, method: string): Reply {
  return problemReply(404, 'There is no such object.', requestId, method);
}

/**
 * Returns the address at which the client asks, by which it also reads the object. The host is that of the Host field,
 * because the URL of a request on Node has none.
 */
function addressFor(pathname: string, query: string, { platform }: GatewayRequest, raw: Request): DigestAddress {
  const { protocol, host } = new URL(raw.url);
  const field = fieldsOf(platform, raw).get('Host') ?? '';
  return { origin: `${protocol}//${HOST.test(field) ? field : host}`, pathname, query };
}

/** A name or an address, and maybe a port (RFC 3986 §3.2.2). */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

function fileNameOf({ key }: MatchedMount, { fileName = key }: Grant): string {
  return fileName;
}

/**
 * Redirects a folder without its slash to the address of its index document. Costs one read of metadata, on mounts with
 * the setting `index` alone.
 *
 * @returns `undefined` if there is no such folder
 */
async function redirectToIndex(
  match: MatchedMount,
  { store, signal, isPrivate }: DownloadContext,
): Promise<Reply | undefined> {
  const { mount, key, folder } = match;
  const { index } = mount.settings;
  if (index === undefined || folder !== undefined || key === '') return undefined;
  const indexKey = `${key}/${index}`;
  if (keyLengthError(mount.prefix + indexKey) !== undefined) return undefined;
  return (await store.head(indexKey, { signal })) === undefined ? undefined : folderRedirect(match, isPrivate);
}

/**
 * Statuses of the responses to which the setting `headers` of a mount is added: those with bytes, and 304. A cache
 * updates the fields of its stored response from a 304 (RFC 9111 §3.2), so a changed setting also applies to them.
 */
const HAS_MOUNT_HEADERS = new Set([200, 206, 304]);

function toContext(
  request: GatewayRequest,
  { mount, key, query }: MatchedMount,
  { fileName, isPrivate, expires: grantExpires }: Grant,
  signal: AbortSignal,
  idleTimeout: number,
): DownloadContext {
  const { requestId, platform, needsOutcome } = request;
  const { downloads, isCounted } = mount;
  const type = fileName !== undefined || hasParameter(query, 'download') ? 'attachment' : downloads.disposition;
  return {
    ...downloads,
    store: countedStore(downloads.store, request),
    key,
    requestId,
    signal,
    isPrivate,
    publicHost: platform.publicHost,
    grantExpires,
    contentDisposition: type === undefined ? undefined : { type, key: fileName ?? key },
    needsOutcome,
    isCounted: isCounted && needsOutcome,
    // A platform that reports the end of a transfer has a timeout of its own.
    idleTimeout: platform.sent === undefined ? idleTimeout : undefined,
  };
}

/** Adds the stats of the request, and its function for deferred work, to each call of the store. */
function countedStore(store: ObjectStore, { stats, defer }: GatewayRequest): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, stats, defer }),
    read: (key, options) => store.read(key, { ...options, stats, defer }),
  };
}
