import { totalLength, type Span } from './span.ts';

/**
 * A set of bytes of a representation: half-open spans in ascending order, none empty, none touching the next. Two sets
 * with the same bytes are therefore equal lists.
 */
export type Intervals = readonly Span[];

/** Intervals as JSON: `[[start, end], …]`, half-open. */
export type IntervalsJson = readonly (readonly [start: number, end: number])[];

/**
 * Makes the set of all bytes of a list of spans. Empty spans are ignored.
 *
 * @param spans half-open, in any order; they may overlap
 */
export function toIntervals(spans: readonly Span[]): Intervals {
  const merged: Span[] = [];
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start < end) append(merged, start, end);
  }
  return merged;
}

/** Appends a span that does not start before the last one, and merges the two if they overlap or touch. */
function append(intervals: Span[], start: number, end: number): void {
  const last = intervals.at(-1);
  if (last === undefined || start > last.end) intervals.push({ start, end });
  else if (end > last.end) intervals[intervals.length - 1] = { start: last.start, end };
}

/**
 * Adds the bytes of one span to a set. It searches the place by bisection, so a download that adds one piece after the
 * other copies the list and compares few spans.
 *
 * @returns the set itself if it has all bytes of the span
 */
export function addInterval(intervals: Intervals, { start, end }: Span): Intervals {
  if (start >= end || containsInterval(intervals, { start, end })) return intervals;
  // The spans that overlap or touch the new one are from `first` to before `next`.
  const first = firstIndex(intervals, (span) => span.end >= start);
  const next = firstIndex(intervals, (span) => span.start > end);
  const merged = {
    start: Math.min(start, intervals[first]?.start ?? start),
    end: Math.max(end, intervals[next - 1]?.end ?? end),
  };
  return [...intervals.slice(0, first), merged, ...intervals.slice(next)];
}

/** Whether all bytes of a span are in a set. An empty span is in every set. */
export function containsInterval(intervals: Intervals, { start, end }: Span): boolean {
  if (start >= end) return true;
  const candidate = intervals[firstIndex(intervals, (span) => span.end > start)];
  return candidate !== undefined && candidate.start <= start && end <= candidate.end;
}

/** Returns the index of the first span that passes a test which all later ones pass too; the length if none does. */
function firstIndex(intervals: Intervals, test: (span: Span) => boolean): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const span = intervals[middle];
    if (span !== undefined && test(span)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns the bytes that are in at least one of two sets. */
export function unionIntervals(a: Intervals, b: Intervals): Intervals {
  return toIntervals([...a, ...b]);
}

/** Returns the bytes that are in both sets. */
export function intersectIntervals(a: Intervals, b: Intervals): Intervals {
  const common: Span[] = [];
  let j = 0;
  for (const { start, end } of a) {
    for (let other = b[j]; other !== undefined && other.start < end; other = b[++j]) {
      if (other.end > start) common.push({ start: Math.max(start, other.start), end: Math.min(end, other.end) });
      // A span that ends later may overlap the next span of `a` too.
      if (other.end > end) break;
    }
  }
  return common;
}

/** Returns the bytes of `a` that are not in `b`. */
export function subtractIntervals(a: Intervals, b: Intervals): Intervals {
  const rest: Span[] = [];
  let j = 0;
  for (const { start, end } of a) {
    let at = start;
    for (let other = b[j]; other !== undefined && other.start < end; other = b[++j]) {
      if (other.start > at) rest.push({ start: at, end: other.start });
      at = Math.max(at, other.end);
      if (other.end > end) break;
    }
    if (at < end) rest.push({ start: at, end });
  }
  return rest;
}

/**
 * Returns the bytes of an object that are not in a set.
 *
 * @param size of the object in bytes
 */
export function gapsWithin(intervals: Intervals, size: number): Intervals {
  return subtractIntervals(toIntervals([{ start: 0, end: size }]), intervals);
}

/**
 * Whether a set has all bytes of an object. For an empty object that is always so.
 *
 * @param size of the object in bytes
 */
export function isWhole(intervals: Intervals, size: number): boolean {
  return containsInterval(intervals, { start: 0, end: size });
}

/** Returns intervals as plain data for JSON. */
export function intervalsToJson(intervals: Intervals): IntervalsJson {
  return intervals.map(({ start, end }) => [start, end]);
}

/**
 * Reads intervals from parsed JSON, whose origin may be a client or a damaged file.
 *
 * @param size of the object in bytes; no interval may end later. By default there is no limit
 * @returns `undefined` if the value is no list of pairs of integers with `0 ≤ start < end ≤ size`. The pairs may be in
 *   any order, and may overlap
 */
export function intervalsFromJson(value: unknown, size: number = Number.MAX_SAFE_INTEGER): Intervals | undefined {
  if (!Array.isArray(value)) return undefined;
  const spans: Span[] = [];
  for (const pair of value) {
    const numbers = integersOf(pair, 2);
    const [start, end] = numbers ?? [];
    if (start === undefined || end === undefined || start >= end || end > size) return undefined;
    spans.push({ start, end });
  }
  return toIntervals(spans);
}

/** A span of bytes that were all delivered the same number of times. */
export interface DepthSpan extends Span {
  /** The number of deliveries, at least 1. */
  readonly depth: number;
}

/**
 * How often each byte of a representation was delivered: spans in ascending order, none empty, none overlapping. Two
 * spans that touch have different depths. Bytes between them were never delivered.
 */
export type DepthIntervals = readonly DepthSpan[];

/** Intervals with depth as JSON: `[[start, end, depth], …]`, half-open. */
export type DepthIntervalsJson = readonly (readonly [start: number, end: number, depth: number])[];

/**
 * Counts in how many spans of a list each byte is.
 *
 * @param spans half-open, in any order; they may overlap. Empty ones are ignored
 */
export function toDepths(spans: readonly Span[]): DepthIntervals {
  return depthsOf(spans.map(({ start, end }) => ({ start, end, depth: 1 })));
}

/** Adds the depths of all bytes: the deliveries of both together. */
export function addDepths(a: DepthIntervals, b: DepthIntervals): DepthIntervals {
  if (a.length === 0) return b;
  return b.length === 0 ? a : depthsOf([...a, ...b]);
}

/** Sums spans with depth, in any order, which may overlap. */
function depthsOf(spans: readonly DepthSpan[]): DepthIntervals {
  const changes = spans
    .filter(({ start, end }) => start < end)
    .flatMap(({ start, end, depth }) => [
      { at: start, by: depth },
      { at: end, by: -depth },
    ])
    .toSorted((a, b) => a.at - b.at);
  const sum: DepthSpan[] = [];
  let depth = 0;
  let start = 0;
  for (const { at, by } of changes) {
    if (at > start) appendDepth(sum, { start, end: at, depth });
    start = at;
    depth += by;
  }
  return sum;
}

/** Appends a span that does not start before the end of the last one, and merges the two if they touch and are equal. */
function appendDepth(depths: DepthSpan[], span: DepthSpan): void {
  const last = depths.at(-1);
  if (span.depth === 0) return;
  if (last?.end === span.start && last.depth === span.depth) depths[depths.length - 1] = { ...last, end: span.end };
  else depths.push(span);
}

/**
 * Returns the depth of the least-delivered byte of an object.
 *
 * @param size of the object in bytes
 * @returns 0 if a byte was never delivered, or if the object is empty
 */
export function leastDepth(depths: DepthIntervals, size: number): number {
  let at = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const { start, end, depth } of depths) {
    if (at >= size) break;
    if (start > at) return 0;
    least = Math.min(least, depth);
    at = end;
  }
  return at < size || size === 0 ? 0 : least;
}

/** Returns the bytes that were delivered more than `depth` times. */
export function intervalsAbove(depths: DepthIntervals, depth: number): Intervals {
  return toIntervals(depths.filter((span) => span.depth > depth));
}

/** Returns the number of bytes that were delivered. A byte of depth 2 counts twice. */
export function deliveredBytes(depths: DepthIntervals): number {
  return depths.reduce((sum, span) => sum + totalLength([span]) * span.depth, 0);
}

/** Returns intervals with depth as plain data for JSON. */
export function depthsToJson(depths: DepthIntervals): DepthIntervalsJson {
  return depths.map(({ start, end, depth }) => [start, end, depth]);
}

/**
 * Reads intervals with depth from parsed JSON.
 *
 * @param size of the object in bytes; no interval may end later. By default there is no limit
 * @returns `undefined` if the value is no list of triples of integers with `0 ≤ start < end ≤ size` and `depth ≥ 1`
 */
export function depthsFromJson(value: unknown, size: number = Number.MAX_SAFE_INTEGER): DepthIntervals | undefined {
  if (!Array.isArray(value)) return undefined;
  const spans: DepthSpan[] = [];
  for (const triple of value) {
    const [start, end, depth] = integersOf(triple, 3) ?? [];
    if (start === undefined || end === undefined || depth === undefined) return undefined;
    if (start >= end || end > size || depth < 1) return undefined;
    spans.push({ start, end, depth });
  }
  return depthsOf(spans);
}

/** Returns a list of exactly `count` integers from 0 that a number can hold exactly, else `undefined`. */
function integersOf(value: unknown, count: number): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length !== count) return undefined;
  const integers = value.filter((item): item is number => Number.isSafeInteger(item) && item >= 0);
  return integers.length === count ? integers : undefined;
}
