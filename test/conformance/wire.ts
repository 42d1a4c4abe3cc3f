import { Buffer } from 'node:buffer';
import { connect } from 'node:net';

import type { HeaderLine } from './case.ts';

export type Origin = { readonly host: string; readonly port: number };

export type WireRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderLine[];
};

export type WireResponse = {
  readonly status: number;
  /** Lowercase name and value of every line, in the order sent. */
  readonly headers: readonly HeaderLine[];
  /** Every byte after the head, dechunked: also those that the framing does not allow. */
  readonly body: Uint8Array;
  /** Whether Content-Length or chunked framing was satisfied, to the byte. */
  readonly complete: boolean;
};

type Head = {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  /** Where the content begins, in bytes. */
  readonly end: number;
};

/** How long to go on listening after a complete message, in milliseconds, for bytes too many. */
const surplusWait = 250;

const endOfChunks = '0\r\n\r\n';

/** All values of a field, one a line. */
export const valuesOf = (response: WireResponse, name: string): readonly string[] =>
  response.headers.filter(([key]) => key === name).map(([, value]) => value);

const parseLine = (line: string): HeaderLine => {
  const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/su.exec(line);
  const [, name, value] = match ?? [];
  if (name === undefined || value === undefined) {
    throw new Error(`not a header line: ${JSON.stringify(line)}`);
  }
  return [name.toLowerCase(), value];
};

/** The final response's head, past any 1xx; `undefined` while it is not all there. */
const parseHead = (received: Buffer, from = 0): Head | undefined => {
  const blank = received.indexOf('\r\n\r\n', from, 'latin1');
  if (blank < 0) return undefined;
  const [first = '', ...lines] = received.toString('latin1', from, blank).split('\r\n');
  const digits = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/u.exec(first)?.[1];
  if (digits === undefined) throw new Error(`not a status line: ${JSON.stringify(first)}`);
  const status = Number(digits);
  if (status < 200) return parseHead(received, blank + 4);
  return { status, headers: lines.map(parseLine), end: blank + 4 };
};

const dechunk = (raw: Buffer): { readonly body: Buffer; readonly complete: boolean } => {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at, 'latin1');
    const size = /^[0-9a-f]+/iu.exec(raw.toString('latin1', at, Math.max(lineEnd, at)))?.[0];
    if (size === undefined) return { body: Buffer.concat(pieces), complete: false };
    const start = lineEnd + 2;
    const end = start + Number.parseInt(size, 16);
    if (end === start) {
      // No trailers are expected, so the last chunk and an empty line must be all that is left.
      const complete = raw.length === start + 2;
      return { body: Buffer.concat(pieces), complete };
    }
    pieces.push(raw.subarray(start, Math.min(end, raw.length)));
    if (end + 2 > raw.length) return { body: Buffer.concat(pieces), complete: false };
    at = end + 2;
  }
};

type Framing = 'none' | 'chunked' | 'close' | number;

const framingOf = (method: string, head: Head): Framing => {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return 'none';
  const value = (name: string): string | undefined => head.headers.find(([key]) => key === name)?.[1];
  if (value('transfer-encoding') !== undefined) return 'chunked';
  const length = value('content-length');
  return length === undefined || !/^[0-9]+$/u.test(length) ? 'close' : Number(length);
};

/** Reads what came as the answer to a request of that method; `undefined` where its head is not all there. */
export const parseResponse = (method: string, received: Buffer): WireResponse | undefined => {
  const head = parseHead(received);
  if (head === undefined) return undefined;
  const { status, headers } = head;
  const raw = received.subarray(head.end);
  const framing = framingOf(method, head);
  if (framing === 'chunked') return { status, headers, ...dechunk(raw) };
  if (framing === 'none') return { status, headers, body: raw, complete: raw.length === 0 };
  // A body that only the end of the connection ends can't be told from a broken one.
  return { status, headers, body: raw, complete: raw.length === framing };
};

const hasEnded = (framing: Framing, length: number, last: Buffer): boolean => {
  if (framing === 'close') return false;
  if (framing === 'chunked') return last.toString('latin1').endsWith(endOfChunks);
  return length >= (framing === 'none' ? 0 : framing);
};

/**
 * One request on a connection of its own, byte for byte as given: no client library stands between
 * that would tidy the target, join header lines or hide surplus bytes. Adds `Host` (unless given)
 * and `Connection: close`.
 *
 * @param timeout milliseconds for the whole exchange
 * @throws Error when no complete head arrives, it can't be parsed, or the time is up
 */
export const send = (
  origin: Origin,
  { method, target, headers }: WireRequest,
  timeout = 10_000,
): Promise<WireResponse> =>
  new Promise((resolve, reject) => {
    const what = `${method} ${target.length > 80 ? `${target.slice(0, 80)}…` : target}`;
    const hasHost = headers.some(([name]) => name.toLowerCase() === 'host');
    const host: HeaderLine = ['Host', `${origin.host}:${String(origin.port)}`];
    const lines = [...(hasHost ? [] : [host]), ...headers, ['Connection', 'close'] as const];
    const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');

    const chunks: Buffer[] = [];
    let length = 0;
    let head: Head | undefined;
    let idle: NodeJS.Timeout | undefined;

    const socket = connect({ host: origin.host, port: origin.port });
    const stop = (): void => {
      clearTimeout(deadline);
      clearTimeout(idle);
      socket.destroy();
    };
    const fail = (why: string, cause?: unknown): void => {
      stop();
      reject(new Error(`${what}: ${why}`, { cause }));
    };
    const end = (cause?: unknown): void => {
      try {
        const response = parseResponse(method, Buffer.concat(chunks));
        if (response === undefined) {
          fail(`the connection ended before a complete head (${String(length)} bytes)`, cause);
          return;
        }
        stop();
        resolve(response);
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error), error);
      }
    };
    const deadline = setTimeout(() => {
      const got = head === undefined ? 'no complete head' : `status ${String(head.status)}`;
      fail(`not finished in ${String(timeout)} ms (${got}, ${String(length)} bytes in all)`);
    }, timeout);

    socket.on('connect', () => {
      socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields}\r\n`, 'latin1'));
    });
    socket.on('data', (chunk) => {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      clearTimeout(idle);
      try {
        head ??= parseHead(Buffer.concat(chunks));
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error), error);
        return;
      }
      if (head === undefined) return;
      // The last chunks may be split anywhere, so the tail is taken from the last two.
      const tail = Buffer.concat(chunks.slice(-2));
      if (hasEnded(framingOf(method, head), length - head.end, tail)) {
        idle = setTimeout(end, surplusWait);
      }
    });
    socket.on('end', () => {
      end();
    });
    // A server may reset the connection once it has answered a request that it refused to read.
    socket.on('error', end);
  });
