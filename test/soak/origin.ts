import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseRange, resolveRange, type Span } from '../../src/http/index.ts';
import { writable } from '../../src/platform/node/writable.ts';
import { bytesAt, PIECE } from './content.ts';

/** A storage that speaks as much of S3 as the gateway reads, as fast as loopback is. */
export interface Origin {
  /** Without a slash at its end. */
  readonly url: string;
  /** Connections that are open. */
  connections(): number;
  /** When a body of the key was broken off by the gateway, by `performance.now()`. */
  brokenAt(key: string): number | undefined;
  stop(): void;
}

/** The sizes of the objects, in bytes; each size exists under any number of keys. */
export function keyOf(size: number, name = 'a'): string {
  return `sparse-${size}-${name}`;
}

/** The tag that an object has. */
export function tagOf(key: string): string {
  return `"${createHash('md5').update(key).digest('hex')}"`;
}

/** Shorter than any test waits, so that an idle pool goes; Node's agent heeds it. In ms. */
const KEEP_ALIVE = 2_000;
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

/** Listens on loopback, for any bucket. Signatures are taken as they come. */
export async function startOrigin(): Promise<Origin> {
  const broken = new Map<string, number>();
  let connections = 0;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE }, (req, res) => {
    const key = decodeURIComponent((req.url ?? '').split('?')[0] ?? '').replace(/^\/[^/]*\//, '');
    res.once('close', () => {
      if (!res.writableFinished) broken.set(key, performance.now());
    });
    void answer(key, req, res);
  });
  server.on('connection', (socket) => {
    connections++;
    socket.once('close', () => connections--);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    connections: () => connections,
    brokenAt: (key) => broken.get(key),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(key: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const size = Number(/^sparse-(\d+)-/.exec(key)?.[1]);
  if (Number.isNaN(size)) return refuse(res, 404, 'NoSuchKey');
  const etag = tagOf(key);
  const { 'if-match': match, 'if-none-match': noneMatch, range } = req.headers;
  if (match !== undefined && match !== etag) return refuse(res, 412, 'PreconditionFailed');
  const fields = { ETag: etag, 'Last-Modified': MODIFIED, 'Accept-Ranges': 'bytes' };
  if (noneMatch === etag) {
    res.writeHead(304, fields).end();
    return;
  }
  const span = range === undefined ? { start: 0, end: size } : spanOf(range, size);
  if (span === undefined) return refuse(res, 416, 'InvalidRange', `<ActualObjectSize>${size}</ActualObjectSize>`);
  const { start, end } = span;
  res.writeHead(range === undefined ? 200 : 206, {
    ...fields,
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start,
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (req.method !== 'HEAD') await send(span, res);
  res.end();
}

function spanOf(range: string, size: number): Span | undefined {
  return resolveRange(parseRange(range, { maxFieldLength: 200, maxRanges: 1 }) ?? [], size)[0];
}

async function send({ start, end }: Span, res: ServerResponse): Promise<void> {
  for (let at = start; at < end && !res.destroyed; at += PIECE) {
    if (!res.write(bytesAt(at, end - at))) await writable(res);
  }
}

function refuse(res: ServerResponse, status: number, code: string, more = ''): void {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message>${more}</Error>`;
  res.writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(body) });
  res.end(res.req.method === 'HEAD' ? undefined : body);
}
