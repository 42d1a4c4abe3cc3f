import type { Span } from './span.ts';

/** Content-Range of a 206 or of one of its parts (§14.4). `size` is the complete length in bytes. */
export function contentRange(span: Span, size: number): string {
  return `bytes ${span.start}-${span.end - 1}/${size}`;
}

/** Content-Range of a 416 (§15.5.17): the complete length alone, from which a client learns where the end is. */
export function unsatisfiedContentRange(size: number): string {
  return `bytes */${size}`;
}

// §14.4, with the complete length, which a storage always knows.
const CONTENT_RANGE = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/;

/** Reads a storage's Content-Range; `undefined` for anything but a legal one with a complete length. */
export function parseContentRange(value: string): { readonly span: Span; readonly size: number } | undefined {
  const match = CONTENT_RANGE.exec(value);
  if (match === null) return undefined;
  const [first = Number.NaN, last = Number.NaN, size = Number.NaN] = match.slice(1).map(Number);
  return first <= last && last < size ? { span: { start: first, end: last + 1 }, size } : undefined;
}
