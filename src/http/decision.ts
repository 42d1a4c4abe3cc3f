import { checkIfRange, parseIfRange, type IfRange } from './if-range.ts';
import type { Fields } from './fields.ts';
import type { Seconds } from './http-date.ts';
import { multipartOverhead } from './multipart.ts';
import { checkPreconditions, parsePreconditions, type Preconditions } from './preconditions.ts';
import { MAX_POSITION, parseRange, resolveRange, resolveSpec, type RangeFieldLimits, type RangeSpec } from './range.ts';
import { planReads, type PlannedRead, type ReadBudget } from './read-plan.ts';
import { representationType, type Representation } from './representation.ts';
import { overlap, totalLength, type Span } from './span.ts';

/** What a deployment may choose about ranges. */
export interface RangePolicy extends RangeFieldLimits, ReadBudget {
  /** Whether HEAD heeds Range and answers 206. §14.2 defines Range for GET only, but DuckDB-wasm probes so. */
  readonly headRange: boolean;
}

/** The fields of a request that decide its answer, as values. */
export interface DownloadRequest {
  readonly method: 'GET' | 'HEAD';
  readonly preconditions: Preconditions;
  /** Absent where there is none to heed (§14.2). */
  readonly range?: readonly RangeSpec[] | undefined;
  /** Absent without a range (§13.1.5). */
  readonly ifRange?: IfRange | undefined;
  /** When the request came: what dates are judged against. */
  readonly now: Seconds;
}

/** What a request gets. Spans are of the representation's bytes; a HEAD gets the same decision without a body. */
export type Decision =
  | { readonly status: 200; readonly span: Span }
  | { readonly status: 206; readonly form: 'single'; readonly span: Span }
  | { readonly status: 206; readonly form: 'multipart'; readonly reads: readonly PlannedRead[] }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

/**
 * Part heads and tail of an answer in parts may have this many bytes in all, or a tenth of the representation's size
 * where that is more. Beyond it the set is ignored as abusive (§17.15): a request of 32 KB can ask for 1,000 parts of
 * a byte, and each part costs about 130 bytes. See docs/decisions/0003-part-heads.md.
 */
const MAX_OVERHEAD = 64 * 1024;

/** Turns header fields into values. Never throws. */
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
    now,
  };
}

/** Decides what a request gets of a representation, in the order of §13.2.2. Pure and total. */
export function decide(request: DownloadRequest, representation: Representation, policy: RangePolicy): Decision {
  switch (checkPreconditions(request.preconditions, representation)) {
    case 'modified':
      return { status: 412 };
    case 'unmodified':
      return { status: 304 };
    case 'hold':
      break;
  }
  const { range, ifRange, now } = request;
  if (range === undefined) return whole(representation);
  if (ifRange !== undefined && !checkIfRange(ifRange, representation, now)) return whole(representation);
  return decideRange(range, representation, policy);
}

function decideRange(range: readonly RangeSpec[], representation: Representation, policy: RangePolicy): Decision {
  const { size } = representation;
  // A suffix of nothing can't be named in a Content-Range; §14.2 lets Range be ignored at zero length.
  if (size === 0 && range.some((spec) => spec.form === 'suffix' && spec.length > 0)) return whole(representation);
  const spans = resolveRange(range, size);
  const [first, ...others] = spans;
  if (first === undefined) return { status: 416 };
  if (others.length === 0) return { status: 206, form: 'single', span: first };
  return decideSeveral(spans, representation, policy) ?? whole(representation);
}

/** @returns `undefined` where the set is to be ignored (§17.15) */
function decideSeveral(
  parts: readonly Span[],
  representation: Representation,
  policy: RangePolicy,
): Decision | undefined {
  if (overlap(parts)) return undefined;
  const { size, etag } = representation;
  const overhead = multipartOverhead(parts, size, representationType(representation));
  if (overhead > Math.max(MAX_OVERHEAD, size / 10)) return undefined;
  // Beyond 2^53 a Content-Length would not be exact.
  if (!Number.isSafeInteger(overhead + totalLength(parts))) return undefined;
  const reads = planReads(parts, policy);
  if (reads === undefined) return undefined;
  // Several reads are of one version only if each can be pinned to it.
  if (reads.length > 1 && (etag === undefined || etag.weak)) return undefined;
  return { status: 206, form: 'multipart', reads };
}

function whole({ size }: Representation): Decision {
  return { status: 200, span: { start: 0, end: size } };
}

/** What to ask a storage first, before anything is known of the object. */
export type FirstAsk = { readonly ask: 'head' } | { readonly ask: 'read'; readonly range?: RangeSpec | undefined };

/**
 * Chooses the first storage operation: the one whose answer is most likely what the client gets, so that it is also
 * the last. Metadata alone is asked for where no body can follow, and where the place of the first part is
 * unknown without the size.
 */
export function firstAsk(request: DownloadRequest, policy: RangePolicy): FirstAsk {
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
  return others.length === 0 ? { ask: 'read', range: first } : firstOfSeveral(range, policy);
}

function firstOfSeveral(range: readonly RangeSpec[], policy: RangePolicy): FirstAsk {
  const [first] = range;
  if (first === undefined || first.form === 'suffix') return { ask: 'read', range: first };
  const placed = range.filter((spec) => spec.form !== 'suffix');
  // Were the first part beyond the end, a later one might not be, and a read would have been for nothing.
  if (placed.some((spec) => spec.start < first.start)) return { ask: 'head' };
  // As if the object had no end: the plan of what is surely asked.
  const parts = placed.flatMap((spec) => resolveSpec(spec, MAX_POSITION) ?? []);
  const read = overlap(parts) ? undefined : planReads(parts, policy)?.[0];
  if (read === undefined) return { ask: 'read' };
  return {
    ask: 'read',
    range:
      read.span.end === MAX_POSITION ? { form: 'from', start: read.span.start } : { form: 'bounded', ...read.span },
  };
}
