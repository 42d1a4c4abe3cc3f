import type { MiddlewareHandler } from 'hono';
import { parseRequest, toSeconds, type HeaderList, type RangePolicy } from '../../http/index.ts';
import { printTransfersPage } from '../../listing/print-transfers.ts';
import { TRANSFERS_POLICY } from '../../listing/transfers-style.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { answerDownload } from '../download/answer-download.ts';
import { portableBodyPipe } from '../download/body-pipe.ts';
import { singleObject } from '../download/single-object.ts';
import { addressOf, fieldsOf, gatewayRequestOf, type GatewayEnv } from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { pathOfRoute } from '../match-mount.ts';
import { emptyReply, problemReply, type Reply } from '../reply.ts';
import { TRANSFERS_SCRIPT, TRANSFERS_SCRIPT_PATH } from '../transfers-script.ts';

/** Options of {@link transfersPage}. */
export interface TransfersPageOptions {
  /** Whether the gateway keeps transfers. If not, the page says which setting turns them on. By default true. */
  readonly hasTransfers?: boolean;
}

/** One range at the most. The page is smaller than a second one would make sense for. */
const POLICY: RangePolicy = {
  maxFieldLength: 1_024,
  maxRanges: 1,
  maxReads: 1,
  nearGap: 0,
  maxGapBytes: 0,
  headRange: false,
};

const PAGE_FIELDS: HeaderList = [
  ['Content-Security-Policy', TRANSFERS_POLICY],
  ['Referrer-Policy', 'no-referrer'],
];

const SCRIPT_FIELDS: HeaderList = [
  ['Content-Type', 'text/javascript; charset=utf-8'],
  ['Content-Length', String(TRANSFERS_SCRIPT.length)],
  // Another script has another address (RFC 8246).
  ['Cache-Control', 'public, max-age=31536000, immutable'],
  ['X-Content-Type-Options', 'nosniff'],
];

/**
 * Answers `/.rangeway/` with a page that shows transfers, counts of downloads, and links, and serves its script. The
 * page has no data: it asks for the token of the administrator, and reads them from `transfersApi()`.
 *
 * @returns a middleware, which passes on all other addresses. It throws an Error if `requestId()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import { accessLog, memoryTransferStore, requestId, trackTransfers, transfersApi, transfersPage } from 'rangeway';
 *
 * const transfers = trackTransfers({ store: memoryTransferStore() });
 * const app = new Hono();
 * app.use('/files/*', requestId(), accessLog([transfers.observer]), transfersPage());
 * app.use('/files/*', transfersApi({ transfers, token: 'replace-me-with-64-hexadecimal-digits' }));
 */
export function transfersPage({ hasTransfers = true }: TransfersPageOptions = {}): MiddlewareHandler<GatewayEnv> {
  let page: Promise<ObjectStore> | undefined;
  return (c, next) => {
    const request = gatewayRequestOf(c, 'transfersPage()');
    const { requestId, platform } = request;
    const { raw } = c.req;
    const { method } = raw;
    const found = findPath(addressOf(platform, raw).pathname, c.req.routePath);
    if (found === undefined || (found === 'script' && !hasTransfers)) return next();

    async function toReply(): Promise<Reply> {
      if (method !== 'GET' && method !== 'HEAD') {
        return problemReply(405, 'This address has GET and HEAD.', requestId, method, [['Allow', 'GET, HEAD']]);
      }
      switch (found) {
        case 'script':
          return { status: 200, fields: SCRIPT_FIELDS, body: method === 'HEAD' ? null : TRANSFERS_SCRIPT };
        case 'folder':
          return emptyReply(308, [
            ['Location', './.rangeway/'],
            ['Cache-Control', 'no-cache'],
          ]);
        default: {
          page ??= singleObject(
            printTransfersPage(hasTransfers ? TRANSFERS_SCRIPT_PATH : undefined),
            'text/html; charset=utf-8',
          );
          const parsed = parseRequest(method, fieldsOf(platform, raw), POLICY, toSeconds(request.received));
          const { content: _, ...reply } = await answerDownload(parsed, {
            ...PAGE_CONTEXT,
            store: await page,
            requestId,
            signal: raw.signal,
            needsOutcome: request.needsOutcome,
          });
          return { ...reply, fields: [...reply.fields, ...PAGE_FIELDS] };
        }
      }
    }
    return respondWith(c, request, toReply);
  };
}

/**
 * The path has to be spelled without percent-encoding, because the addresses in the page are relative to its slashes.
 *
 * @param pattern of the route
 */
function findPath(pathname: string, pattern: string): 'page' | 'folder' | 'script' | undefined {
  if (!pathname.includes('/.rangeway')) return undefined;
  const below = pathOfRoute(pathname, pattern);
  if (below.type === 'invalid' || !pathname.endsWith(`/${below.path}`)) return undefined;
  if (below.path === '.rangeway/') return 'page';
  if (below.path === '.rangeway') return 'folder';
  return below.path === `.rangeway/${TRANSFERS_SCRIPT_PATH}` ? 'script' : undefined;
}

const PAGE_CONTEXT = {
  key: '',
  bodyPipe: portableBodyPipe,
  policy: POLICY,
  cacheControl: 'no-cache',
  isPrivate: false,
  sizeLimit: undefined,
  contentDisposition: undefined,
  publicHost: undefined,
  grantExpires: undefined,
  idleTimeout: undefined,
} as const;
