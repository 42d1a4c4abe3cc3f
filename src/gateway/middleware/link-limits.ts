import type { MiddlewareHandler, Next } from 'hono';
import type { Grant } from '../../access/index.ts';
import { hasParameter, parseRange, type Fields, type RangeSpec } from '../../http/index.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import type { QuotaReason } from '../../transfers/link-quota.ts';
import {
  fieldsOf,
  gatewayRequestOf,
  matchOf,
  type GatewayContext,
  type GatewayEnv,
  type GatewayRequest,
} from '../gateway-request.ts';
import { respond } from '../handle-request.ts';
import { linkClient, type LinkClient, type LinkRequest } from '../links/link-client.ts';
import type { MatchedMount } from '../match-mount.ts';
import { problemReply, type Reply } from '../reply.ts';

/** Options of {@link linkLimits}. */
export interface LinkLimitsOptions {
  /**
   * Whether requests of links with an id fail with 503 while the store of transfers does not answer. By default `false`:
   * they go on, without a quota.
   */
  readonly strict?: boolean | undefined;
}

/**
 * Holds links to their quotas, and refuses those that are revoked, before the storage is asked: with 403. Only links with
 * an id are looked up.
 *
 * @returns a middleware for routes of GET. It throws an Error if `mount()` or `authorize()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import * as rangeway from 'rangeway';
 *
 * const transfers = rangeway.trackTransfers({ store: rangeway.memoryTransferStore() });
 * const access = rangeway.signedAccess(rangeway.parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? ''));
 * const app = new Hono();
 * app.use('/files/*', rangeway.requestId(), rangeway.accessLog([transfers.observer]));
 * app.use('/files/*', rangeway.mount({ store: rangeway.memoryStore(), access }));
 * app.get('/files/*', rangeway.authorize(), rangeway.linkLimits(transfers), rangeway.download());
 */
export function linkLimits(
  transfers: TransferTracker,
  { strict = false }: LinkLimitsOptions = {},
): MiddlewareHandler<GatewayEnv> {
  const links = linkClient(transfers, strict);
  return (c, next) => {
    const request = gatewayRequestOf(c, 'linkLimits()');
    const match = matchOf(c, request, 'linkLimits()');
    const { grant } = request.shared;
    if (match.type === 'refused' || grant?.downloadId === undefined) return next();
    return limit(links, c, request, match, grant, grant.downloadId, next);
  };
}

async function limit(
  links: LinkClient,
  c: GatewayContext,
  request: GatewayRequest,
  { query }: MatchedMount,
  { quota, expires }: Grant,
  id: string,
  next: Next,
): Promise<Response | void> {
  const { method } = c.req.raw;
  const refuse = (reason: QuotaReason | 'unavailable') => respond(c, request, refusal(reason, request, method));
  // A client that asks how far it is gets no bytes of the object.
  if (quota === undefined || hasParameter(query, 'transfer')) {
    const isRevoked = await links.isRevoked(id);
    if (isRevoked === false) return next();
    return refuse(isRevoked === 'unavailable' ? isRevoked : 'revoked');
  }
  const bytes = method === 'HEAD' ? 0 : bytesAsked(fieldsOf(request.platform, c.req.raw));
  const asked: LinkRequest = { id, serial: request.serial, quota, expires, bytes };
  const opened = await links.open(asked);
  if (opened.type !== 'open') return refuse(opened.type === 'refused' ? opened.reason : opened.type);
  request.needsOutcome = true;
  request.quota = opened.session;
  request.onEnd.push(({ status, reply, transfer }) => {
    // How much of a redirect's object is read is not known here, so it counts in full.
    const sent = status === 307 ? reply?.content?.size : undefined;
    request.defer(opened.settle({ sent, isBroken: transfer.outcome !== 'complete' }));
  });
  return next();
}

const DETAILS: Readonly<Record<QuotaReason, string>> = {
  revoked: 'The link was revoked.',
  downloads: 'The link was used for as many downloads as it allows.',
  bytes: 'As many bytes were sent on the link as it allows.',
  connections: 'As many requests of the link are running as it allows.',
};

function refusal(reason: QuotaReason | 'unavailable', { requestId }: GatewayRequest, method: string): Reply {
  if (reason === 'unavailable') {
    const detail = 'The quota of the link can not be told at the moment.';
    return problemReply(503, detail, requestId, method, [['Retry-After', '5']]);
  }
  const fields = reason === 'connections' ? ([['Retry-After', '5']] as const) : [];
  return problemReply(403, DETAILS[reason], requestId, method, fields, reason === 'revoked' ? undefined : 'quota');
}

/** Returns the bytes that a request asks for; 2^53 - 1 if only the storage knows. */
function bytesAsked(fields: Fields): number {
  const specs = parseRange(fields.get('Range') ?? '', { maxFieldLength: 32 * 1024, maxRanges: 10_000 });
  // With If-Range, the whole object may be sent.
  if (specs === undefined || fields.get('If-Range') !== null) return Number.MAX_SAFE_INTEGER;
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    specs.reduce((sum, spec) => sum + lengthOf(spec), 0),
  );
}

function lengthOf(spec: RangeSpec): number {
  switch (spec.form) {
    case 'bounded':
      return spec.end - spec.start;
    case 'suffix':
      return spec.length;
    case 'from':
      return Number.MAX_SAFE_INTEGER;
  }
}
