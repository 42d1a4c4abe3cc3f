import * as v from 'valibot';
import { depthsToJson } from '../../http/index.ts';
import {
  TRANSFER_OUTCOMES,
  TRANSFER_STATES,
  type TransferSummary,
  type TransferDetails,
} from '../../transfers/transfer-store.ts';

const text = v.pipe(v.string(), v.maxLength(4_096, 'takes 4,096 characters at the most'));

/** A parameter of a query that is a whole number. */
function numberParameter(max: number, byDefault: number) {
  const message = `takes a whole number from 1 to ${max}`;
  const digits = v.pipe(v.string(), v.regex(/^\d{1,9}$/, message), v.transform(Number));
  return v.optional(v.pipe(digits, v.minValue(1, message), v.maxValue(max, message)), String(byDefault));
}

const DAY_FORM = 'takes a day such as "2026-11-29"';
const day = v.pipe(v.string(), v.isoDate(DAY_FORM));

/** The query of a list of transfers. */
export const TransfersQuery = v.strictObject({
  mount: v.optional(text),
  key: v.optional(text),
  state: v.optional(v.picklist(TRANSFER_STATES, 'takes "active", "paused" or "complete"')),
  reader: v.optional(text),
  cursor: v.optional(text),
  limit: numberParameter(1_000, 100),
});

/** The query of the counts of downloads. */
export const DownloadsQuery = v.strictObject({
  mount: v.optional(text),
  key: v.optional(text),
  prefix: v.optional(text),
  from: v.optional(day),
  to: v.optional(day),
  limit: numberParameter(10_000, 1_000),
});

/** The query that deletes all transfers of a reader. */
export const ReaderQuery = v.strictObject({ reader: v.pipe(text, v.minLength(1, 'takes the name of a reader')) });

/** A request without parameters. */
export const NoQuery = v.strictObject({});

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

const transferEntries = {
  id: v.string(),
  mount: v.string(),
  key: v.string(),
  etag: v.string(),
  size: count,
  reader: v.string(),
  state: v.picklist(TRANSFER_STATES),
  complete: count,
  progress: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  approximate: v.boolean(),
  firstSeen: time,
  lastSeen: time,
  requests: count,
  connections: count,
  bytesSent: count,
  outcome: v.nullable(v.picklist(TRANSFER_OUTCOMES)),
};

/** A transfer, as the API prints it. Times are those of RFC 3339. */
export const TransferSchema = v.strictObject(transferEntries);

/** A transfer with how often each byte was delivered: `[start, end, depth]`, half-open. */
export const TransferDetailsSchema = v.strictObject({
  ...transferEntries,
  intervals: v.array(v.tuple([count, count, count])),
});

/** A page of transfers. `cursor` leads to the next one; it is `null` on the last page. */
export const TransfersPageSchema = v.strictObject({
  transfers: v.array(TransferSchema),
  cursor: v.nullable(v.string()),
});

/** The counts of downloads. `truncated` tells that there are more rows than the limit. */
export const DownloadsSchema = v.strictObject({
  downloads: v.array(
    v.strictObject({
      mount: v.string(),
      key: v.string(),
      day: v.pipe(v.string(), v.isoDate()),
      complete: count,
      started: count,
      redirected: count,
      bytes: count,
      readers: count,
    }),
  ),
  truncated: v.boolean(),
});

/** How many transfers were deleted. */
export const DeletedSchema = v.strictObject({ deleted: count });

/** The use of a link, as the API prints it. */
export const LinkSchema = v.strictObject({
  id: v.string(),
  revoked: v.boolean(),
  /** Complete downloads. */
  downloads: count,
  /** Bytes that were sent, without those of requests that run. */
  bytes: count,
  /** Bytes that requests in progress have reserved. */
  reserved: count,
  /** Requests in progress that hold a reservation. */
  connections: count,
  lastSeen: v.nullable(time),
});

/** The form of {@link LinkChange}, for error messages. */
export const LINK_CHANGE_FORM = 'takes an object of JSON: {"revoked": true}, or {"revoked": false}';

/** The body that revokes a link, or takes that back. */
export const LinkChange = v.strictObject({ revoked: v.boolean(LINK_CHANGE_FORM) }, LINK_CHANGE_FORM);

/** Returns a transfer as plain data for JSON. */
export function transferToJson(transfer: TransferSummary): v.InferOutput<typeof TransferSchema> {
  const { firstSeen, lastSeen, outcome = null, ...others } = transfer;
  return {
    ...others,
    firstSeen: new Date(firstSeen).toISOString(),
    lastSeen: new Date(lastSeen).toISOString(),
    outcome,
  };
}

/** Returns a transfer with its intervals as plain data for JSON. */
export function detailsToJson({
  intervals,
  ...transfer
}: TransferDetails): v.InferOutput<typeof TransferDetailsSchema> {
  const triples = depthsToJson(intervals).map(([start, end, depth]): [number, number, number] => [start, end, depth]);
  return { ...transferToJson(transfer), intervals: triples };
}

/** A request of the log of a CDN. */
export const LoggedRequestSchema = v.strictObject({
  /** When it began and ended, in ms since the epoch. */
  at: count,
  endedAt: count,
  host: v.pipe(v.string(), v.maxLength(255)),
  /** Percent-encoded, with its query. */
  target: v.pipe(v.string(), v.regex(/^\//), v.maxLength(16_384)),
  address: v.pipe(v.string(), v.maxLength(64)),
  agent: v.pipe(v.string(), v.maxLength(4_096)),
  status: v.picklist([200, 206]),
  /** The first byte and the end of a 206; absent in a 200. */
  range: v.optional(v.tuple([count, count])),
  /** Bytes of the body that were sent; absent if the log does not tell. */
  bytes: v.optional(count),
});

/** A part of a log. `batch` is its SHA-256, so that it is imported once. */
export const ImportSchema = v.strictObject({
  batch: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  requests: v.pipe(v.array(LoggedRequestSchema), v.maxLength(2_000)),
});

/** The response to an import. */
export const ImportedSchema = v.object({ imported: count, skipped: count });
