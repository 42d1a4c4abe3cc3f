import {
  addDepths,
  deliveredBytes,
  intervalsAbove,
  leastDepth,
  spanLength,
  toDepths,
  totalLength,
  type DepthIntervals,
  type Intervals,
  type Span,
} from '../http/index.ts';
import { anew, NO_RECEIPTS, within, withoutReceived, type ReceiptState } from './receipt-state.ts';

/**
 * The bytes of one version of an object that were delivered to one reader, and how often. Its size is that of the
 * intervals, not of the history: complete downloads are a number, and intervals are kept for deliveries beyond them.
 */
export interface Coverage {
  /** Size of the object in bytes. */
  readonly size: number;
  /** How often every byte was delivered at least. */
  readonly base: number;
  /** Deliveries beyond `base`. */
  readonly above: DepthIntervals;
  /** Requests that run, oldest first. */
  readonly running: readonly RunningRequest[];
  /** Requests that have ended at an unknown byte, oldest first. */
  readonly unknown: readonly UnknownEnd[];
  /** If there were too many intervals: the bytes delivered so far. Intervals are not kept any more. */
  readonly approximateBytes: number | undefined;
  /** The state that earlier receipts have left. */
  readonly receipts: ReceiptState;
}

/** A response whose bytes are not counted, because it still runs or because its end is unknown. */
interface UncountedRequest {
  /** The spans that the response contains, in the order in which they are sent. Empty if they are too many to keep. */
  readonly asked: readonly Span[];
  /** The most bytes of the response that can count if its end stays unknown. Later bytes came with other responses. */
  readonly limit: number;
}

/** A request that runs. */
export interface RunningRequest extends UncountedRequest {
  /** Unique among all requests of all processes. */
  readonly id: string;
  /** Whether a receipt came while it ran. `asked` lacks the bytes of the receipt, and only bytes of `asked` count. */
  readonly isCorrected?: true | undefined;
}

/** A request that has ended, where the platform's pipe does not report how many bytes were sent. */
export interface UnknownEnd extends UncountedRequest {
  /** Whether a later request has asked for some of its bytes again. Before that, no byte of it counts. */
  readonly isClosed: boolean;
}

/** Most intervals of one coverage. With more, the coverage becomes approximate. */
export const MAX_INTERVALS = 1_024;

/** Most requests with an unknown end. Those before them keep the bytes that they count with. */
const MAX_UNKNOWN = 64;

/** Most running requests of one reader and object that are kept. If the end of another is unknown, it counts nothing. */
const MAX_RUNNING = 512;

/** Most spans of one request that are kept while it runs. If the end of a request with more is unknown, it counts nothing. */
export const MAX_ASKED = 64;

/** Creates the coverage of an object of which nothing was delivered. */
export function newCoverage(size: number): Coverage {
  return { size, base: 0, above: [], running: [], unknown: [], approximateBytes: undefined, receipts: NO_RECEIPTS };
}

/** How far a reader is with one version of an object. */
export interface TransferProgress {
  /** How often the least-delivered byte was delivered: the number of complete downloads. */
  readonly complete: number;
  /** The part of the next download that was delivered, from 0 to less than 1. */
  readonly progress: number;
  /** The bytes that were delivered more than `complete` times; none if they are only known approximately. */
  readonly intervals: Intervals;
  /** Whether there were too many intervals, so that a byte that was sent twice can count for one that was not sent. */
  readonly approximate: boolean;
}

/**
 * Returns how often the object was delivered, and which part of the next time.
 *
 * The number of complete downloads can decrease: a request with an unknown end counts up to the lowest byte of it that
 * was asked for again, and a later request may ask for a lower one.
 */
export function progressOf(coverage: Coverage): TransferProgress {
  const { size, base, approximateBytes } = coverage;
  if (approximateBytes !== undefined) {
    const complete = Math.floor(approximateBytes / size);
    const progress = (approximateBytes - complete * size) / size;
    return { complete, progress, intervals: [], approximate: true };
  }
  const depths = addDepths(coverage.above, toDepths(countedSpans(coverage)));
  const least = leastDepth(depths, size);
  const intervals = intervalsAbove(depths, least);
  const progress = size === 0 ? 0 : totalLength(intervals) / size;
  return { complete: base + least, progress, intervals, approximate: false };
}

/** Returns how often each byte was delivered; none if the coverage is approximate. */
export function depthsOfCoverage({ size, base, above, running, unknown, approximateBytes }: Coverage): DepthIntervals {
  if (approximateBytes !== undefined) return [];
  const whole = base === 0 || size === 0 ? [] : [{ start: 0, end: size, depth: base }];
  return addDepths(addDepths(whole, above), toDepths(countedSpans({ running, unknown })));
}

/** Returns the bytes that requests with an unknown end count with. */
function countedSpans({ running, unknown }: Pick<Coverage, 'running' | 'unknown'>): readonly Span[] {
  const askedNow = running.flatMap(({ asked }) => asked);
  return unknown.flatMap((request) => (request.isClosed ? firstBytes(limited(request, askedNow)) : []));
}

/** Returns the spans of the first `limit` bytes of a response. */
export function firstBytes({ asked, limit }: UncountedRequest): readonly Span[] {
  let remaining = limit;
  return asked.map(({ start, end }) => {
    const length = Math.min(remaining, end - start);
    remaining -= length;
    return { start, end: start + length };
  });
}

/**
 * Takes what is counted as final. It is called when the object is complete, and the reader has been idle for so long
 * that the next request begins another download and does not continue this one.
 */
export function settleCoverage(coverage: Coverage): Coverage {
  if (coverage.unknown.length === 0) return coverage;
  const above = addDepths(coverage.above, toDepths(countedSpans(coverage)));
  return boundedCoverage({ ...coverage, above, unknown: [] });
}

/** Changes of one coverage, in the order in which they happened. */
export interface CoverageUpdate {
  /**
   * A response with bytes of the object begins.
   *
   * @param id unique among all requests of all processes
   * @param asked the spans that it contains, half-open, in the order in which they are sent
   * @param isLate whether a receipt that was sent later is applied already
   */
  start(id: string, asked: readonly Span[], isLate?: boolean): void;
  /**
   * A response has ended.
   *
   * @param delivered the spans that were sent, half-open; `unknown` if the platform's pipe does not report them
   * @param isBroken whether the client has left before the end of the response
   */
  end(id: string, delivered: readonly Span[] | 'unknown', isBroken?: boolean): void;
  /** A response has led the reader to another address, where its bytes are not seen. */
  redirect(): void;
  /** Adds complete responses of an empty object, which has no byte that could be counted. */
  addEmptyDownload(): void;
  /** Returns the changed coverage. */
  finish(): Coverage;
}

/**
 * Changes a coverage. The deliveries of all requests are added together at the end, so that the cost of a request does
 * not depend on the number of intervals.
 *
 * **Requests with an unknown end.** A client asks for bytes that it does not have. So a request counts up to the lowest
 * byte of it that is asked for again after its end, and with nothing until then. Later requests lower that end and
 * never raise it.
 *
 * Requests that run at the same time may bring the same bytes, so that the next one does not ask for them. Therefore
 * the earlier one counts at most up to the lowest byte that the later one asks for; none counts bytes that another one
 * brought before or meanwhile; and none counts bytes that another one, which still runs, may bring. If that one does
 * not bring them, both count with nothing until another request begins.
 */
export function updateCoverage(before: Coverage): CoverageUpdate {
  const { size } = before;
  const delivered: Span[] = [];
  /** By their ids, oldest first: a map keeps the place of an entry that is replaced. */
  const running = new Map(before.running.map((request) => [request.id, request]));
  let unknown = before.unknown;
  let above = before.above;
  let base = before.base;
  let { receipts } = before;

  function addUnknown(request: RunningRequest): void {
    // The client may have asked for bytes that it had already, up to the end, and have broken the response off there.
    const { asked, limit } = limited(limited(request, above), delivered);
    if (asked.length > 0) unknown = [...unknown, { asked, limit, isClosed: false }];
    const oldest = unknown.length > MAX_UNKNOWN ? unknown[0] : undefined;
    if (oldest === undefined) return;
    unknown = unknown.slice(1);
    above = addDepths(above, toDepths(countedSpans({ running: [...running.values()], unknown: [oldest] })));
  }

  /** Lowers what running requests count with, where one brings bytes of another. */
  function limitRunning(spans: readonly Span[]): void {
    // An approximate coverage counts no request whose end is unknown.
    if (before.approximateBytes !== undefined) return;
    for (const [id, request] of running) {
      const changed = limited(request, spans);
      if (changed !== request) running.set(id, changed);
    }
  }

  return {
    start(id, sent, isLate = false) {
      const asked = isLate ? withoutReceived(sent, before) : sent;
      if (!isLate && asked.some(({ start }) => start === 0)) receipts = anew(receipts);
      if (unknown.length > 0) unknown = unknown.map((request) => closed(request, asked));
      if (running.has(id)) return;
      limitRunning(asked);
      if (running.size >= MAX_RUNNING) return;
      const kept = asked.length > MAX_ASKED ? [] : asked;
      const request = { id, asked: kept, limit: totalLength(kept) };
      running.set(id, isLate ? { ...request, isCorrected: true } : request);
    },
    end(id, sent, isBroken = false) {
      const request = running.get(id);
      running.delete(id);
      const isCorrected = request?.isCorrected === true;
      // The receipt may be of a client that had left already, so bytes that it lacks may have been sent and not read.
      const spans = isCorrected && isBroken ? 'unknown' : sent;
      const inside = spans === 'unknown' ? [] : isCorrected ? within(request.asked, spans) : clamped(spans, size);
      limitRunning(inside);
      // Another request may not have been asked for bytes that this one was expected to bring.
      if (unknown.length > 0) unknown = unknown.map((other) => reopened(limited(other, inside), request?.asked ?? []));
      delivered.push(...inside);
      if (spans === 'unknown' && request !== undefined && before.approximateBytes === undefined) addUnknown(request);
    },
    addEmptyDownload() {
      base++;
    },
    redirect() {
      receipts = anew(receipts);
    },
    finish() {
      const changed = { ...before, base, above, running: [...running.values()], unknown, receipts };
      if (changed.approximateBytes === undefined) {
        return boundedCoverage({ ...changed, above: addDepths(above, toDepths(delivered)) });
      }
      const bytes = delivered.reduce((sum, span) => sum + Math.max(0, spanLength(span)), 0);
      return { ...changed, approximateBytes: changed.approximateBytes + bytes };
    },
  };
}

function clamped(spans: readonly Span[], size: number): readonly Span[] {
  if (spans.every(({ start, end }) => start >= 0 && end <= size)) return spans;
  return spans.map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(size, end) }));
}

function closed(request: UnknownEnd, asked: readonly Span[]): UnknownEnd {
  const lowest = lowestCommon(request.asked, asked);
  if (lowest === undefined) return request;
  return { ...request, limit: Math.min(lowest, request.limit), isClosed: true };
}

function reopened(request: UnknownEnd, asked: readonly Span[]): UnknownEnd {
  return request.isClosed && limited(request, asked) !== request ? { ...request, isClosed: false } : request;
}

function limited<Request extends UncountedRequest>(request: Request, spans: readonly Span[]): Request {
  const lowest = lowestCommon(request.asked, spans);
  return lowest === undefined || lowest >= request.limit ? request : { ...request, limit: lowest };
}

/**
 * Finds the first byte of a response that is in one of the spans.
 *
 * @param asked the spans of the response, in the order in which they are sent
 * @returns how many bytes the response has before it; `undefined` if it has none of their bytes
 */
function lowestCommon(asked: readonly Span[], spans: readonly Span[]): number | undefined {
  let position = 0;
  for (const part of asked) {
    let lowest = part.end;
    for (const { start, end } of spans) if (end > part.start && start < end) lowest = Math.min(lowest, start);
    if (lowest < part.end) return position + Math.max(0, lowest - part.start);
    position += spanLength(part);
  }
  return undefined;
}

/** Moves complete downloads to `base`, and makes the coverage approximate if there are too many intervals. */
export function boundedCoverage(coverage: Coverage): Coverage {
  const { size, base, above, unknown } = coverage;
  const least = leastDepth(above, size);
  const rest = least === 0 ? above : above.flatMap((span) => lowered(span, least));
  const intervals = unknown.reduce((sum, { asked }) => sum + asked.length, rest.length);
  if (intervals <= MAX_INTERVALS) return { ...coverage, base: base + least, above: rest };
  const approximateBytes = (base + least) * size + deliveredBytes(rest);
  return { ...coverage, base: 0, above: [], unknown: [], approximateBytes };
}

function lowered<S extends { readonly depth: number }>(span: S, by: number): readonly S[] {
  return span.depth > by ? [{ ...span, depth: span.depth - by }] : [];
}
