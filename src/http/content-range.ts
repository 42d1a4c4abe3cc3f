import type { Span } from './span.ts';

/**
 * Prints Content-Range for a 206 or for one of its parts (§14.4).
 *
 * @param span half-open; the printed positions are inclusive
 * @param size complete length in bytes
 */
export function contentRange(span: Span, size: number): string {
  return `bytes ${span.start}-${span.end - 1}/${size}`;
}

/**
 * Prints Content-Range for a 416 (§15.5.17): only the complete length, from which a client learns the valid ranges.
 *
 * @param size complete length in bytes
 */
export function unsatisfiedContentRange(size: number): string {
  return `bytes */${size}`;
}

// §14.4, but not with `*` as the complete length: a storage always knows it.
const CONTENT_RANGE = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/;

/**
 * Parses the Content-Range of a storage's response.
 *
 * @returns the half-open span and the complete length in bytes; `undefined` if the value is malformed, or has no
 *   complete length
 */
export function parseContentRange(value: string): { readonly span: Span; readonly size: number } | undefined {
  const match = CONTENT_RANGE.exec(value);
  if (match === null) return undefined;
  const [first = Number.NaN, last = Number.NaN, size = Number.NaN] = match.slice(1).map(Number);
  return first <= last && last < size ? { span: { start: first, end: last + 1 }, size } : undefined;
}
