import type { MiddlewareHandler } from 'hono';
import * as v from 'valibot';
import { hasParameter, intervalsFromJson, type Intervals, type ProblemStatus } from '../../http/index.ts';
import type { TransferTracker } from '../../observe/transfers.ts';
import { MAX_RECEIPT_INTERVALS } from '../../transfers/receipt.ts';
import { mountName, type Reader } from '../../transfers/transfer-store.ts';
import { storedTag } from '../../http/stored-fields.ts';
import {
  gatewayRequestOf,
  matchOf,
  type GatewayContext,
  type GatewayEnv,
  type GatewayRequest,
} from '../gateway-request.ts';
import { respondWith } from '../handle-request.ts';
import { readRequestContent } from '../request-content.ts';
import { keyLengthError, type MatchedMount } from '../match-mount.ts';
import { authorizeAs } from '../middleware/authorize.ts';
import { linkLimits, type LinkLimitsOptions } from '../middleware/link-limits.ts';
import { problemReply, type Reply } from '../reply.ts';
import { NO_IDENTITY, ownReader, ownTransfers, ownTransfersReply, STORE_FAILS } from './own-transfer.ts';

/** The most bytes of a receipt. */
const MAX_RECEIPT_BYTES = 64 * 1024;

/** A receipt as a client sends it. The intervals are checked against the size of the version. */
const ReceiptSchema = v.strictObject({
  etag: v.pipe(v.string(), v.maxLength(4_096, 'is too long'), v.regex(/^"[^"]*"$/, 'takes a strong entity tag')),
  intervals: v.array(v.unknown(), 'takes a list of [start, end]'),
  digest: v.optional(v.pipe(v.string(), v.regex(/^sha-256=:[A-Za-z0-9+/]{43}=:$/, 'takes sha-256=:BASE64:'))),
});

type Receipt = v.InferOutput<typeof ReceiptSchema>;

/** The version of the object that a receipt is for. */
interface Version {
  readonly size: number;
  /** The SHA-256 in base64, if the receipt has one and that of the version is known. */
  readonly sha256?: string | undefined;
}

/** Why a receipt is refused. */
interface Refusal {
  readonly type: 'refused';
  readonly status: ProblemStatus;
  readonly detail: string;
}

function refused(status: ProblemStatus, detail: string): Refusal {
  return { type: 'refused', status, detail };
}

/**
 * Answers `POST KEY?transfer`: a reader tells which bytes of the object are on its disk, as JSON of at most 64 KiB,
 * `{"etag": "\"v1\"", "intervals": [[0, 100]]}`, half-open. The state of its present download is corrected, and the
 * download is acknowledged if it has all bytes. It takes the right to read the key, and a link with an id or a user. All
 * other requests go on.
 *
 * A receipt of another version, of bytes beyond the size, of more than 1,024 intervals, or with another SHA-256 than
 * the version is refused, and changes nothing. So is that of a link that is revoked, with 403.
 *
 * @param quota the options of `linkLimits` beside it
 * @returns a middleware for routes of POST. It throws an Error if `mount()` does not run before it
 * @example
 * import { Hono } from 'hono';
 * import * as rangeway from 'rangeway';
 *
 * const transfers = rangeway.trackTransfers({ store: rangeway.memoryTransferStore() });
 * const app = new Hono();
 * app.use('/files/*', rangeway.requestId(), rangeway.accessLog([transfers.observer]));
 * app.use('/files/*', rangeway.mount({ store: rangeway.memoryStore() }));
 * app.post('/files/*', rangeway.transferReceipt(transfers));
 */
export function transferReceipt(
  transfers: TransferTracker,
  quota: LinkLimitsOptions = {},
): MiddlewareHandler<GatewayEnv> {
  // A receipt tells of a download, so it takes the right to read, which is all that a signed link gives.
  const authorize = authorizeAs('GET');
  const limit = linkLimits(transfers, quota);
  return async (c, next) => {
    const request = gatewayRequestOf(c, 'transferReceipt()');
    const match = matchOf(c, request, 'transferReceipt()');
    if (match.type === 'refused' || !hasParameter(match.query, 'transfer')) return next();
    let response: Response | undefined;
    const refusal = await authorize(c, async () => {
      const revoked = await limit(c, async () => {
        response = await respondWith(c, request, () => toReply(c, request, match, transfers));
      });
      if (revoked instanceof Response) response = revoked;
    });
    return refusal instanceof Response ? refusal : response;
  };
}

async function toReply(
  c: GatewayContext,
  request: GatewayRequest,
  match: MatchedMount,
  transfers: TransferTracker,
): Promise<Reply> {
  const problem = (status: ProblemStatus, detail: string) =>
    problemReply(status, detail, request.requestId, c.req.raw.method);
  const reader = await ownReader(request.shared.grant ?? { isPrivate: true });
  if (reader === undefined) return problem(403, NO_IDENTITY);
  const content = await readRequestContent(request.platform.readContent, c.req.raw, MAX_RECEIPT_BYTES);
  if (content.type === 'too-long') return problem(413, `A receipt has ${MAX_RECEIPT_BYTES} bytes at the most.`);
  if (content.type === 'incomplete') return problem(400, 'The receipt is not complete.');
  const receipt = parseReceipt(content.bytes);
  if (receipt.type === 'refused') return problem(receipt.status, receipt.detail);
  const { store } = transfers;
  const known = await knownVersion(receipt.value, transfers, match, reader).catch((error: unknown) => ({ error }));
  if (known !== undefined && 'error' in known) return { ...problem(503, STORE_FAILS), error: known.error };
  // Only the storage knows digests. Its errors are those of a download.
  const isAsked = known === undefined || receipt.value.digest !== undefined;
  const version = (isAsked ? await findVersion(receipt.value, request, match) : undefined) ?? known;
  try {
    const checked = checkReceipt(receipt.value, version);
    if (checked.type === 'refused') return problem(checked.status, checked.detail);
    const object = { mount: mountName(match.mount.location), key: match.key };
    const { etag } = receipt.value;
    const { size, received } = checked;
    await transfers.receive({ at: Date.now(), reader, received, object: { ...object, etag, size } });
    return await ownTransfersReply(store, match, reader);
  } catch (error) {
    return { ...problem(503, STORE_FAILS), error };
  }
}

type Parsed = { readonly type: 'parsed'; readonly value: Receipt } | Refusal;

function parseReceipt(bytes: Uint8Array): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return refused(400, 'A receipt is JSON in UTF-8.');
  }
  const result = v.safeParse(ReceiptSchema, json);
  if (!result.success) {
    const [issue] = result.issues;
    return refused(400, `${v.getDotPath(issue) ?? 'the receipt'}: ${issue.message}`.slice(0, 200));
  }
  const { intervals } = result.output;
  if (intervals.length <= MAX_RECEIPT_INTERVALS) return { type: 'parsed', value: result.output };
  return refused(422, `A receipt has ${MAX_RECEIPT_INTERVALS} intervals at the most, not ${intervals.length}.`);
}

/**
 * Asks the storage for the present version, if the receipt is for it.
 *
 * @throws StoreError if the storage can't be read
 */
async function findVersion(
  { etag }: Receipt,
  { stats, defer }: GatewayRequest,
  { mount, key }: MatchedMount,
): Promise<Version | undefined> {
  if (keyLengthError(mount.prefix + key) !== undefined) return undefined;
  const present = await mount.downloads.store.head(key, { digests: true, stats, defer });
  if (present === undefined || storedTag(present.etag) !== etag) return undefined;
  return { size: present.size, sha256: present.digests?.['sha-256'] };
}

/** Finds a version that the reader has downloaded before. The storage may have it no more. */
async function knownVersion(
  { etag }: Receipt,
  transfers: TransferTracker,
  match: MatchedMount,
  reader: Reader,
): Promise<Version | undefined> {
  // The request before it may not be written yet.
  await transfers.flush();
  return (await ownTransfers(transfers.store, match, reader)).find((transfer) => transfer.etag === etag);
}

type Checked = { readonly type: 'valid'; readonly size: number; readonly received: Intervals } | Refusal;

/** Checks a receipt against the version that it is for. */
function checkReceipt({ intervals, digest }: Receipt, version: Version | undefined): Checked {
  if (version === undefined) return refused(409, 'The receipt is of no version that this reader has downloaded.');
  const { size, sha256 } = version;
  const received = intervalsFromJson(intervals, size);
  if (received === undefined) {
    return refused(422, `The intervals of a receipt are [start, end] with 0 ≤ start < end ≤ ${size}.`);
  }
  if (digest !== undefined && sha256 !== undefined && digest !== `sha-256=:${sha256}:`) {
    return refused(422, 'The object has another SHA-256, so the download is not complete.');
  }
  return { type: 'valid', size, received };
}
