import { Buffer } from 'node:buffer';

import type { HeaderLine } from './case.ts';

export type Part = {
  /** Names as sent, not lowercased: some clients search for the literal text. */
  readonly headers: readonly HeaderLine[];
  /** From Content-Range, half-open. */
  readonly start: number;
  readonly end: number;
  /** The complete length that Content-Range gives. */
  readonly size: number;
  readonly bytes: Uint8Array;
};

const shown = (text: string, at: number): string => JSON.stringify(text.slice(at, at + 40));

const wrong = (at: number, why: string): Error => new Error(`multipart/byteranges, byte ${String(at)}: ${why}`);

/**
 * The boundary of a Content-Type that all known clients can read: the one and last parameter,
 * unquoted and alphanumeric (it goes into regular expressions), the type in lower case.
 *
 * @throws Error when it is anything else
 */
export const boundaryOf = (contentType: string): string => {
  const boundary = /^multipart\/byteranges; boundary=([0-9A-Za-z]{1,70})$/u.exec(contentType)?.[1];
  if (boundary === undefined) {
    throw new Error(
      `Content-Type must be "multipart/byteranges; boundary=" and 1 to 70 letters or digits, got ${JSON.stringify(contentType)}`,
    );
  }
  return boundary;
};

const parseRange = (value: string, at: number): Pick<Part, 'start' | 'end' | 'size'> => {
  const match = /^bytes ([0-9]+)-([0-9]+)\/([0-9]+)$/u.exec(value);
  if (match === null) throw wrong(at, `not "bytes a-b/len": ${JSON.stringify(value)}`);
  const [first, last, size] = match.slice(1).map(Number);
  if (first === undefined || last === undefined || size === undefined) {
    throw wrong(at, `not three numbers: ${JSON.stringify(value)}`);
  }
  if (last < first || size <= last) throw wrong(at, `impossible Content-Range ${value}`);
  return { start: first, end: last + 1, size };
};

const parsePartHead = (head: string, at: number): readonly HeaderLine[] => {
  const lines = head.split('\r\n').map((line): HeaderLine => {
    const colon = line.indexOf(': ');
    if (colon < 1) throw wrong(at, `not a "Name: value" line: ${JSON.stringify(line)}`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const names = lines.map(([name]) => name).toSorted();
  if (names.join() !== 'Content-Range,Content-Type') {
    throw wrong(at, `a part's head must be Content-Type and Content-Range, got ${names.join(', ')}`);
  }
  return lines;
};

/**
 * Reads a multipart/byteranges body in the one shape that all known clients understand: CRLF,
 * `--B` CRLF, a head of exactly Content-Type and Content-Range, an empty line, the bytes; again
 * for every part; at last CRLF `--B--` CRLF and nothing more. Slow, and forgives nothing.
 *
 * @throws Error that says at which byte the shape is wrong
 */
export const parseByteranges = (body: Uint8Array, boundary: string): readonly Part[] => {
  const text = Buffer.from(body).toString('latin1');
  const delimiter = `\r\n--${boundary}`;
  const parts: Part[] = [];
  if (!text.startsWith(`${delimiter}\r\n`)) {
    throw wrong(0, `must begin with CRLF--${boundary}CRLF, got ${shown(text, 0)}`);
  }
  let at = delimiter.length;
  while (text.startsWith('\r\n', at)) {
    const headStart = at + 2;
    const blank = text.indexOf('\r\n\r\n', headStart);
    if (blank < 0) throw wrong(headStart, `no empty line ends the head ${shown(text, headStart)}`);
    const headers = parsePartHead(text.slice(headStart, blank), headStart);
    const [, value = ''] = headers.find(([name]) => name === 'Content-Range') ?? [];
    const range = parseRange(value, headStart);
    const start = blank + 4;
    const next = text.indexOf(delimiter, start);
    if (next < 0) throw wrong(start, `no delimiter after the part ${value}`);
    const [length, announced] = [next - start, range.end - range.start];
    if (length !== announced) {
      throw wrong(start, `part ${value} has ${String(length)} bytes, not ${String(announced)}`);
    }
    parts.push({ headers, ...range, bytes: body.subarray(start, next) });
    at = next + delimiter.length;
  }
  if (text.slice(at) !== '--\r\n') {
    throw wrong(at, `the last delimiter must be followed by "--" CRLF only, got ${shown(text, at)}`);
  }
  return parts;
};
