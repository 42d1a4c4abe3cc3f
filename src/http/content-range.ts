import type { Span } from './span.ts';

/** Content-Range of a 206 or of one of its parts (§14.4). `size` is the complete length in bytes. */
export function contentRange(span: Span, size: number): string {
  return `bytes ${span.start}-${span.end - 1}/${size}`;
}

/** Content-Range of a 416 (§15.5.17): the complete length alone, from which a client learns where the end is. */
export function unsatisfiedContentRange(size: number): string {
  return `bytes */${size}`;
}
