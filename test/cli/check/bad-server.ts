import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** The faults of a server, each of which occurs in the field. Without any, it answers as RFC 9110 says. */
export interface Faults {
  /** Ranges are ignored, as by python's http.server. */
  readonly noRanges?: boolean;
  /** A stale If-Range gets 206, as from S3: clients join two versions. Or only that of a client that resumes. */
  readonly splices?: boolean | 'resumed';
  readonly ignoresIfMatch?: boolean;
  readonly ignoresIfNoneMatch?: boolean;
  /** The current tag in If-Range gets 200. */
  readonly neverContinues?: boolean;
  readonly tag?: 'weak' | 'none' | 'malformed' | 'changing';
  readonly noDate?: boolean;
  /** Contents are compressed for clients that accept it: with the tag of the stored bytes, a weak one, or one of its own. */
  readonly gzip?: 'same-tag' | 'weak-tag' | 'own-tag';
  /** Contents are compressed for all clients. */
  readonly alwaysGzip?: boolean;
  readonly chunked?: boolean;
  /** The bytes of a range are those of the start of the object. */
  readonly wrongBytes?: boolean;
  /** A range from an offset to the end ends early. */
  readonly short?: boolean;
  readonly noContentRange?: boolean;
  readonly headLength?: number;
  readonly noSizeIn416?: boolean;
  readonly refusesSeveral?: boolean;
  readonly fields?: Readonly<Record<string, string>>;
}

/** A server of one object, at every path. */
export interface BadServer {
  readonly url: string;
  /** The requests so far. */
  readonly requests: IncomingMessage[];
  stop(): Promise<void>;
}

const DATE = 'Sun, 01 Nov 2026 10:00:00 GMT';

/** Starts a server of an object with some faults. */
export async function startBadServer(faults: Faults, object: Buffer = randomBytes(100_000)): Promise<BadServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, faults, object);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/object.bin`,
    requests,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

let changes = 0;

function tagOf({ tag }: Faults): string | undefined {
  if (tag === 'none') return undefined;
  if (tag === 'weak') return 'W/"v1"';
  if (tag === 'malformed') return 'v1';
  return tag === 'changing' ? `"v${++changes}"` : '"v1"';
}

function answer(request: IncomingMessage, response: ServerResponse, faults: Faults, object: Buffer): void {
  const tag = tagOf(faults);
  const { headers, method } = request;
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  if (!faults.noDate) response.setHeader('Last-Modified', DATE);
  if (tag !== undefined) response.setHeader('ETag', tag);
  for (const [name, value] of Object.entries(faults.fields ?? {})) response.setHeader(name, value);
  if (!faults.noRanges) response.setHeader('Accept-Ranges', 'bytes');
  if (headers['if-match'] !== undefined && headers['if-match'] !== tag && !faults.ignoresIfMatch)
    return void response.writeHead(412).end();
  if (headers['if-none-match'] === tag && tag !== undefined && !faults.ignoresIfNoneMatch)
    return void response.writeHead(304).end();
  const coding = String(headers['accept-encoding']).includes('gzip') ? faults.gzip : undefined;
  if (coding !== undefined || faults.alwaysGzip) {
    if (coding === 'weak-tag' && tag !== undefined) response.setHeader('ETag', `W/${tag}`);
    if (coding === 'own-tag') response.setHeader('ETag', '"v1-gzip"');
    return void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(object));
  }
  const range = currentRange(request, tag, faults);
  if (range === undefined) return sendWhole(method, response, faults, object);
  sendRange(range, response, faults, object);
}

function sendWhole(method: string, response: ServerResponse, faults: Faults, object: Buffer): void {
  const length = method === 'HEAD' ? (faults.headLength ?? object.length) : object.length;
  if (!faults.chunked) response.setHeader('Content-Length', length);
  response.writeHead(200);
  if (faults.chunked) response.flushHeaders();
  response.end(object);
}

/** @returns `undefined` if the whole is the response */
function currentRange({ headers }: IncomingMessage, tag: string | undefined, faults: Faults): string | undefined {
  const { range, 'if-range': ifRange } = headers;
  if (range === undefined || faults.noRanges) return undefined;
  if (ifRange === undefined || faults.splices === true) return range;
  if (faults.splices === 'resumed' && range.endsWith('-')) return range;
  if (faults.neverContinues) return undefined;
  const isCurrent = (ifRange === tag && !ifRange.startsWith('W/')) || (ifRange === DATE && !faults.noDate);
  return isCurrent ? range : undefined;
}

function sendRange(range: string, response: ServerResponse, faults: Faults, object: Buffer): void {
  const size = object.length;
  const members = range.replace('bytes=', '').split(',');
  const spans = members.map((member) => {
    const [first = '', last = ''] = member.split('-');
    if (first === '') return { start: Math.max(0, size - Number(last)), end: size };
    return { start: Number(first), end: Math.min(size, last === '' ? size : Number(last) + 1) };
  });
  const [span] = spans;
  if (span === undefined || span.start >= size) {
    if (!faults.noSizeIn416) response.setHeader('Content-Range', `bytes */${size}`);
    return void response.writeHead(416).end();
  }
  if (spans.length > 1) {
    if (faults.refusesSeveral) return void response.writeHead(400).end();
    const parts = spans.map(({ start, end }) => [
      `--b\r\nContent-Type: text/plain\r\nContent-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n`,
      object.subarray(start, end).toString('latin1'),
      '\r\n',
    ]);
    response.writeHead(206, { 'Content-Type': 'multipart/byteranges; boundary=b' });
    return void response.end(Buffer.from(`${parts.flat().join('')}--b--\r\n`, 'latin1'));
  }
  const end = faults.short && members[0]?.endsWith('-') ? Math.min(span.end, span.start + 1000) : span.end;
  const bytes = object.subarray(span.start, end);
  if (!faults.noContentRange) response.setHeader('Content-Range', `bytes ${span.start}-${end - 1}/${size}`);
  response.writeHead(206, { 'Content-Length': bytes.length });
  response.end(faults.wrongBytes ? object.subarray(0, bytes.length) : bytes);
}
