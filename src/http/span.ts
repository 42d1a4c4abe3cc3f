/** A run of bytes of a representation, half-open: `start` is in it, `end` is not. Never empty inside the gateway. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Length of a span in bytes. */
export function spanLength(span: Span): number {
  return span.end - span.start;
}

/** Whether two spans are of the same bytes. */
export function sameSpan(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}

/** Bytes of all spans together; a byte in two spans counts twice. */
export function totalLength(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + spanLength(span), 0);
}

/** Whether any two of the spans share a byte. Spans that only touch do not. */
export function overlap(spans: readonly Span[]): boolean {
  // Most ask in order, and then a look at neighbours is all.
  return !isAscending(spans) && !isAscending(spans.toSorted((a, b) => a.start - b.start));
}

function isAscending(spans: readonly Span[]): boolean {
  return spans.every((span, i) => i === 0 || span.start >= (spans[i - 1]?.end ?? 0));
}
