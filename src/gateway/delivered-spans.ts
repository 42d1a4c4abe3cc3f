import type { Span } from '../http/index.ts';

/**
 * What of an object was in the first bytes of an answer.
 *
 * @param parts in the order in which they were sent, each after a head of so many bytes
 * @param sent bytes of the body
 * @returns spans in the order of the parts, none of them empty; two that touch are two
 */
export function deliveredSpans(
  parts: readonly { readonly head: number; readonly span: Span }[],
  sent: number,
): readonly Span[] {
  const spans: Span[] = [];
  let left = sent;
  for (const { head, span } of parts) {
    left -= head;
    if (left <= 0) break;
    const end = Math.min(span.end, span.start + left);
    spans.push({ start: span.start, end });
    left -= end - span.start;
  }
  return spans;
}
