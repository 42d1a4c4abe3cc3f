/** A range of bytes of a representation, half-open: `start` is in it, `end` is not. Empty only for an empty object. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Returns the length of a span in bytes. */
export function spanLength(span: Span): number {
  return span.end - span.start;
}

/** Whether two spans are equal. */
export function equalSpans(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

/** Returns the sum of the lengths of all spans, in bytes. A byte in two spans counts twice. */
export function totalLength(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + spanLength(span), 0);
}

/** Whether any two spans share a byte. Adjacent spans do not. */
export function hasOverlap(spans: readonly Span[]): boolean {
  // Most requests list their ranges in ascending order, and need no sort.
  return !isAscending(spans) && !isAscending(spans.toSorted((a, b) => a.start - b.start));
}

function isAscending(spans: readonly Span[]): boolean {
  return spans.every((span, i) => i === 0 || span.start >= (spans[i - 1]?.end ?? 0));
}
