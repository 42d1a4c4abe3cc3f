import { contentRange } from './content-range.ts';
import { totalLength, type Span } from './span.ts';

/**
 * Length of every boundary in characters. It is fixed, so that Content-Length does not depend on the random boundary.
 */
export const BOUNDARY_LENGTH = 40;

/**
 * Makes a boundary out of random bytes. It has letters and digits only, because it is sent unquoted in Content-Type
 * (electron-updater and GDAL need this) and becomes part of a regular expression (zchunk). With 128 random bits, it
 * does not occur in a body by accident.
 *
 * @param random at least 16 bytes
 */
export function boundaryFrom(random: Uint8Array): string {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `rangeway${hex}`.slice(0, BOUNDARY_LENGTH);
}

/** Prints Content-Type of a multipart response. The boundary is the last parameter, as electron-updater expects it. */
export function multipartContentType(boundary: string): string {
  return `multipart/byteranges; boundary=${boundary}`;
}

/**
 * Prints the text before the bytes of a part. It begins with CRLF for every part, also for the first one (§14.6 allows
 * it): zsync skips one line before it looks for the first delimiter, and all other clients accept it.
 *
 * @param contentType type of the representation
 * @param part half-open
 * @param size complete length of the representation in bytes
 */
export function partHead(boundary: string, contentType: string, part: Span, size: number): string {
  return `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(part, size)}\r\n\r\n`;
}

/** Prints the text after the bytes of the last part. */
export function multipartTail(boundary: string): string {
  return `\r\n--${boundary}--\r\n`;
}

/**
 * Computes the exact Content-Length of a multipart response in bytes.
 *
 * @param size complete length of the representation in bytes
 * @param contentType type of the representation
 */
export function multipartLength(parts: readonly Span[], size: number, contentType: string): number {
  return multipartOverhead(parts, size, contentType) + totalLength(parts);
}

/**
 * Computes the length of all part heads and the tail in bytes.
 *
 * @param size complete length of the representation in bytes
 * @param contentType type of the representation
 */
export function multipartOverhead(parts: readonly Span[], size: number, contentType: string): number {
  const boundary = '-'.repeat(BOUNDARY_LENGTH);
  // Field values are sent as latin-1, one byte per character. Part heads differ only in the digits of two positions.
  const head = partHead(boundary, contentType, { start: 0, end: 1 }, size).length - 2;
  const digitCount = parts.reduce((sum, { start, end }) => sum + digits(start) + digits(end - 1), 0);
  return parts.length * head + digitCount + multipartTail(boundary).length;
}

/** Counts the decimal digits of an integer from 0 to 2^53 - 1. Printing the number would take ten times as long. */
function digits(number: number): number {
  let count = 1;
  for (let next = 10; number >= next; next *= 10) count++;
  return count;
}
