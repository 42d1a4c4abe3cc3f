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
import { keyLengthError, type MatchedMount } from '../match-mount.ts';
import { problemReply, type Reply } from '../reply.ts';
import { prefersPage } from '../middleware/error-pages.ts';
import { notFoundDocument } from './not-found.ts';
import { folderRedirect, type FolderHandler } from './listing.ts';
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
  // A folder that can have no index document is listed without a read of its key.
  const isFolder = match.folder !== undefined && mount.settings.index === undefined;
  const listed = isFolder ? await folders?.({ match, request: parsed, fields, context }) : undefined;
  const reply = listed ?? (await answerDownload(parsed, context));
  if (reply.status === 404) {
    const folder = await folders?.({ match, request: parsed, fields, context });
    const other = folder ?? (await redirectToIndex(match, context));
    if (other !== undefined) return other;
    const { notFound } = mount.settings;
    const document =
      notFound !== undefined && prefersPage(fields) ? await notFoundDocument(notFound, method, context) : undefined;
    return document ?? reply;
  }
  const { status, content } = reply;
  const hasBytes = status === 200 || status === 206;
  if (content !== undefined && hasBytes && !request.isSettled)
    for (const start of request.onStart) start(status, content);
  if (mount.headers.length === 0 || !HAS_MOUNT_HEADERS.has(status)) return reply;
  return { ...reply, fields: [...reply.fields, ...mount.headers] };
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
    // A platform that reports the end of a transfer has a timeout of its own.
    idleTimeout: platform.sent === undefined ? idleTimeout : undefined,
  };
}

/**
 * Returns whether the query has the parameter `download`. The length of the address is checked before, because Node
 * takes 2 s to parse a query of 1 MB. The `&` keeps URLSearchParams from dropping a leading question mark.
 */
function isAttachment(query: string): boolean {
  return query !== '' && new URLSearchParams(`&${query}`).has('download');
}

/** Adds the stats of the request, and its function for deferred work, to each call of the store. */
function countedStore(store: ObjectStore, { stats, defer }: GatewayRequest): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, stats, defer }),
    read: (key, options) => store.read(key, { ...options, stats, defer }),
  };
}
