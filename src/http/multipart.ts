import { contentRange } from './content-range.ts';
import { totalLength, type Span } from './span.ts';

/** Length of every boundary, so that the length of an answer is known before its boundary is drawn. */
export const BOUNDARY_LENGTH = 40;

/**
 * Makes a boundary out of random bytes, 16 at the least. Letters and digits only, because it goes unquoted into
 * Content-Type (electron-updater, GDAL) and into a regular expression (zchunk); 128 random bits can't occur in a
 * body by accident.
 */
export function boundaryFrom(random: Uint8Array): string {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `rangeway${hex}`.slice(0, BOUNDARY_LENGTH);
}

/** Content-Type of the whole answer. The boundary is the last parameter: electron-updater cuts there. */
export function multipartContentType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}

/**
 * The text before a part's bytes. Every part's begins with CRLF, the first one's too (§14.6 leaves room for it): zsync
 * throws one line away before it looks for the first delimiter, and all other clients expect it.
 */
export function partHead(boundary: string, contentType: string, part: Span, size: number): string {
  return `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(part, size)}\r\n\r\n`;
}

/** The text after the last part's bytes. */
export function multipartTail(boundary: string): string {
  return `\r\n--${boundary}--\r\n`;
}

/** Exact Content-Length of the answer in bytes. */
export function multipartLength(parts: readonly Span[], size: number, contentType: string): number {
  return multipartOverhead(parts, size, contentType) + totalLength(parts);
}

/** Bytes of the answer that are none of the representation's: all part heads and the tail. */
export function multipartOverhead(parts: readonly Span[], size: number, contentType: string): number {
  const boundary = '-'.repeat(BOUNDARY_LENGTH);
  // Field values are latin-1 on the wire and are written so, a byte a character. Heads differ in two numerals alone.
  const head = partHead(boundary, contentType, { start: 0, end: 1 }, size).length - 2;
  const numerals = parts.reduce((sum, { start, end }) => sum + digits(start) + digits(end - 1), 0);
  return parts.length * head + numerals + multipartTail(boundary).length;
}

/** Of a whole number from 0 to 2^53 - 1 in decimal; printing it takes ten times as long. */
function digits(number: number): number {
  let count = 1;
  for (let next = 10; number >= next; next *= 10) count++;
  return count;
}
