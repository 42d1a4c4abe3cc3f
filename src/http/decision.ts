import { checkIfRange, parseIfRange, type IfRange } from './if-range.ts';
import { parseDigestWishes, type DigestWishes } from './digest.ts';
import type { Fields } from './fields.ts';
import type { Seconds } from './http-date.ts';
import { multipartOverhead } from './multipart.ts';
import { checkPreconditions, parsePreconditions, type Preconditions } from './preconditions.ts';
import { MAX_POSITION, parseRange, resolveRange, resolveSpec, type RangeFieldLimits, type RangeSpec } from './range.ts';
import { planReads, type PlannedRead, type ReadBudget } from './read-plan.ts';
import { representationType, type Representation } from './representation.ts';
import { hasOverlap, totalLength, type Span } from './span.ts';

/** The settings for ranges. */
export interface RangePolicy extends RangeFieldLimits, ReadBudget {
  /** Whether a HEAD with Range gets 206. §14.2 defines Range for GET only, but DuckDB-wasm probes with HEAD. */
  readonly headRange: boolean;
}

/** The parts of a request that decide its response, parsed. */
export interface DownloadRequest {
  readonly method: 'GET' | 'HEAD';
  readonly preconditions: Preconditions;
  /** Absent if there is no Range field, or if it is ignored (§14.2). */
  readonly range?: readonly RangeSpec[] | undefined;
  /** Absent if `range` is absent: If-Range is ignored then (§13.1.5). */
  readonly ifRange?: IfRange | undefined;
  /** Absent if the request has no preference for digests. */
  readonly digests?: DigestWishes | undefined;
  /** When the request was received. Dates of the request are compared with it. */
  readonly now: Seconds;
}

/**
 * The response to a request, as a value. Spans are bytes of the representation. A HEAD gets the same decision as a GET,
 * and its response has no body.
 */
export type Decision =
  | { readonly status: 200; readonly span: Span }
  | { readonly status: 206; readonly form: 'single'; readonly span: Span }
  | { readonly status: 206; readonly form: 'multipart'; readonly reads: readonly PlannedRead[] }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

/**
 * Largest overhead of a multipart response (part heads and tail), in bytes; a tenth of the representation's size if
 * that is more. A range set with a larger overhead is ignored as abusive (§17.15): a request of 32 KB can ask for 1,000
 * parts of one byte, and each part head takes about 130 bytes.
 */
const MAX_OVERHEAD = 64 * 1024;

/**
 * Parses the fields of a request that decide its response. Never throws.
 *
 * @param now when the request was received
 */
export function parseRequest(
  method: 'GET' | 'HEAD',
  headers: Fields,
  policy: RangePolicy,
  now: Seconds,
): DownloadRequest {
  const preconditions = parsePreconditions(headers, now);
  const field = method === 'GET' || policy.headRange ? headers.get('Range') : null;
  const range = field === null ? undefined : parseRange(field, policy);
  const ifRange = range === undefined ? null : headers.get('If-Range');
  return {
    method,
    preconditions,
    range,
    ifRange: ifRange === null ? undefined : parseIfRange(ifRange, now),
    digests: parseDigestWishes(headers),
    now,
  };
}

/**
 * Decides the response to a request: evaluates the preconditions in the order of §13.2.2, then If-Range, then the
 * range. A pure function that never throws.
 */
export function decide(request: DownloadRequest, representation: Representation, policy: RangePolicy): Decision {
  switch (checkPreconditions(request.preconditions, representation)) {
    case 'modified':
      return { status: 412 };
    case 'unmodified':
      return { status: 304 };
    case 'proceed':
      break;
  }
  const { range, ifRange, now } = request;
  if (range === undefined) return whole(representation);
  if (ifRange !== undefined && !checkIfRange(ifRange, representation, now)) return whole(representation);
  return decideRange(range, representation, policy);
}

function decideRange(range: readonly RangeSpec[], representation: Representation, policy: RangePolicy): Decision {
  const { size } = representation;
  // No Content-Range can name a suffix of an empty representation. §14.2 allows a server to ignore Range for it.
  if (size === 0 && range.some((spec) => spec.form === 'suffix' && spec.length > 0)) return whole(representation);
  const spans = resolveRange(range, size);
  const [first, ...others] = spans;
  if (first === undefined) return { status: 416 };
  if (others.length === 0) return { status: 206, form: 'single', span: first };
  return decideMultipart(spans, representation, policy) ?? whole(representation);
}

/** @returns `undefined` if the set is to be ignored: ranges that overlap, or that cost much more than the whole (§14.2, §17.15) */
function decideMultipart(
  parts: readonly Span[],
  representation: Representation,
  policy: RangePolicy,
): Decision | undefined {
  if (hasOverlap(parts)) return undefined;
  const { size, etag } = representation;
  const overhead = multipartOverhead(parts, size, representationType(representation));
  if (overhead > Math.max(MAX_OVERHEAD, size / 10)) return undefined;
  // Above 2^53 a Content-Length would not be exact.
  if (!Number.isSafeInteger(overhead + totalLength(parts))) return undefined;
  const reads = planReads(parts, policy);
  if (reads === undefined) return undefined;
  // Several reads can be pinned to one version only by a strong entity tag.
  if (reads.length > 1 && (etag === undefined || etag.weak)) return undefined;
  return { status: 206, form: 'multipart', reads };
}

function whole({ size }: Representation): Decision {
  return { status: 200, span: { start: 0, end: size } };
}

/** The first storage operation of a request: a read of the metadata alone (`head`), or of bytes (`read`). */
export type FirstRead = { readonly ask: 'head' } | { readonly ask: 'read'; readonly range?: RangeSpec | undefined };

/**
 * Chooses the first storage operation of a request, before the metadata are known. It reads the bytes that the response
 * most likely contains, so that no second operation is needed. It reads the metadata alone if the response has no body,
 * or if the position of the first part depends on the size.
 */
export function firstRead(request: DownloadRequest, policy: RangePolicy): FirstRead {
  const { method, preconditions, range, ifRange } = request;
  if (method === 'HEAD' || preconditions.ifNoneMatch === '*') return { ask: 'head' };
  if (
    preconditions.ifMatch !== undefined &&
    preconditions.ifMatch !== '*' &&
    !preconditions.ifMatch.some((tag) => !tag.weak)
  )
    return { ask: 'head' };
  if (range === undefined || ifRange?.type === 'never') return { ask: 'read' };
  const [first, ...others] = range;
  return others.length === 0 ? { ask: 'read', range: first } : firstReadOfSet(range, policy);
}

function firstReadOfSet(range: readonly RangeSpec[], policy: RangePolicy): FirstRead {
  const [first] = range;
  if (first === undefined || first.form === 'suffix') return { ask: 'read', range: first };
  const positioned = range.filter((spec) => spec.form !== 'suffix');
  // If the first range is beyond the end, one with a lower start may still be satisfiable, and this read would be
  // wasted.
  if (positioned.some((spec) => spec.start < first.start)) return { ask: 'head' };
  // Without a known size, the ranges are resolved as if the object had no end.
  const parts = positioned.flatMap((spec) => resolveSpec(spec, MAX_POSITION) ?? []);
  const read = hasOverlap(parts) ? undefined : planReads(parts, policy)?.[0];
  if (read === undefined) return { ask: 'read' };
  return {
    ask: 'read',
    range:
      read.span.end === MAX_POSITION ? { form: 'from', start: read.span.start } : { form: 'bounded', ...read.span },
  };
}
