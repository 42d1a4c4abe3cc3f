import type { HeaderLine } from '../conformance/case.ts';
import type { WireResponse } from '../conformance/wire.ts';

/** RFC 9112 §4: a version, three digits, a space, and a reason of visible characters. */
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
/** RFC 9112 §5: no white space before the colon, no control characters. */
const FIELD_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/**
 * Reads what came over a connection as one response after the other, to the byte.
 *
 * @param methods those of the requests, as far as they are known; of others, none is taken for a HEAD
 * @throws Error where it is no HTTP/1.1
 */
export function readResponses(received: Buffer, methods: readonly string[]): readonly WireResponse[] {
  const responses: WireResponse[] = [];
  let at = 0;
  while (at < received.length) {
    const { response, end } = readResponse(received, at, methods[responses.length]);
    if (response !== undefined) responses.push(response);
    at = end;
  }
  return responses;
}

interface ReadResponse {
  /** Absent for what only announces one (1xx). */
  readonly response: WireResponse | undefined;
  readonly end: number;
}

function readResponse(received: Buffer, from: number, method: string | undefined): ReadResponse {
  const blank = received.indexOf('\r\n\r\n', from, 'latin1');
  if (blank < 0) return { response: broken(0, []), end: received.length };
  const [first = '', ...lines] = received.toString('latin1', from, blank).split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(first.slice(0, 200))}`);
  const headers = lines.map(readField);
  const start = blank + 4;
  if (status < 200) return { response: undefined, end: start };
  const valueOf = (name: string) => headers.find(([key]) => key === name)?.[1];
  if (method === 'HEAD' || status === 204 || status === 304) {
    return { response: { status, headers, body: received.subarray(start, start), complete: true }, end: start };
  }
  if (valueOf('transfer-encoding') !== undefined) return readChunked(received, start, status, headers);
  const length = valueOf('content-length');
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`);
  const end = length === undefined ? received.length : start + Number(length);
  const body = received.subarray(start, Math.min(end, received.length));
  return { response: { status, headers, body, complete: end <= received.length }, end: Math.min(end, received.length) };
}

function readField(line: string): HeaderLine {
  const [, name, value] = FIELD_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a field: ${JSON.stringify(line.slice(0, 200))}`);
  return [name.toLowerCase(), value];
}

function broken(status: number, headers: readonly HeaderLine[]): WireResponse {
  return { status, headers, body: new Uint8Array(0), complete: false };
}

/** Of what this server sends chunked nothing has content: an answer to a target that is no address. */
function readChunked(received: Buffer, start: number, status: number, headers: readonly HeaderLine[]): ReadResponse {
  const last = '0\r\n\r\n';
  const end = start + last.length;
  if (received.toString('latin1', start, end) !== last) throw new Error(`a chunked ${status} with content`);
  return { response: { status, headers, body: received.subarray(start, start), complete: true }, end };
}
