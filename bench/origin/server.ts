import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { bytesAt, MAX_SLICE, type BenchObject } from './objects.ts';
import { parseRequestHead } from './request-head.ts';
import { respond, type OriginResponse } from './respond.ts';

/** Latency and bandwidth of a simulated distant storage. */
export interface Shape {
  /** Time before the head of a response is sent, in ms. */
  readonly firstByte: number;
  /** Bytes per second of one connection. */
  readonly rate: number;
}

/** Counters of an origin since its start. */
export interface OriginCounts {
  requests: number;
  /** Bytes of bodies that were written to sockets. */
  bytes: number;
}

/** Options of an origin. */
export interface OriginOptions {
  readonly shape?: Shape;
  /** Private key and certificate as PEM, for TLS. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

/** A running origin on loopback. */
export interface Origin {
  readonly port: number;
  readonly counts: OriginCounts;
  /** Stops listening; open connections continue. */
  stop(): void;
}

/** Bytes per write of a shaped connection: about 3 ms at 90 MB/s. */
const SHAPED_CHUNK = 256 * 1024;

/** Delay in ms that a shaped connection may make up for, because timers are coarse and the core is shared. */
const MAX_CATCH_UP = 5;

/** Bytes per write. Larger writes gain nothing, and are counted even if the client has disconnected. */
const CHUNK = 1024 * 1024;

/** A body up to this size is copied behind its head, because one write is cheaper than two. */
const MAX_COPIED_BODY = 16 * 1024;

/**
 * Starts an S3 server of computed bytes. It uses bare sockets, because Node's HTTP server needs several times as much
 * CPU per request, on the cores of the load generator.
 */
export async function startOrigin(
  objects: readonly BenchObject[],
  { shape, tls }: OriginOptions = {},
): Promise<Origin> {
  const counts: OriginCounts = { requests: 0, bytes: 0 };
  const accept = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    void serveConnection(socket, objects, shape, counts);
  };
  const server: Server =
    tls === undefined
      ? createServer({ noDelay: true }, accept)
      : createSecureServer({ noDelay: true, ALPNProtocols: ['http/1.1'], ...tls }, accept);
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the origin has no port');
  return { port: address.port, counts, stop: () => void server.close() };
}

/** Responds to the requests of a connection, one after the other. */
async function serveConnection(
  socket: Socket,
  objects: readonly BenchObject[],
  shape: Shape | undefined,
  counts: OriginCounts,
): Promise<void> {
  let received = '';
  let busy = false;
  const next = async () => {
    busy = true;
    for (let end = received.indexOf('\r\n\r\n'); end >= 0 && !socket.destroyed; end = received.indexOf('\r\n\r\n')) {
      const request = parseRequestHead(received.slice(0, end));
      received = received.slice(end + 4);
      counts.requests++;
      if (shape !== undefined) await sleep(shape.firstByte);
      await send(socket, respond(request, objects), shape, counts);
    }
    busy = false;
  };
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    if (!busy) void next();
  });
}

async function send(socket: Socket, { head, body }: OriginResponse, shape: Shape | undefined, counts: OriginCounts) {
  if (body === undefined || typeof body === 'string') {
    socket.write(head + (body ?? ''), 'latin1');
    return;
  }
  const length = body.end - body.start;
  if (length <= MAX_COPIED_BODY) {
    counts.bytes += length;
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytesAt(body.start, length)]));
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  const chunk = Math.min(shape === undefined ? CHUNK : SHAPED_CHUNK, MAX_SLICE);
  let start = performance.now();
  for (let at = body.start; at < body.end && !socket.destroyed;) {
    const bytes = bytesAt(at, Math.min(chunk, body.end - at));
    at += bytes.length;
    counts.bytes += bytes.length;
    const canAcquire = socket.write(bytes);
    socket.uncork();
    if (!canAcquire) await drained(socket);
    if (shape === undefined) continue;
    const ahead = start + ((at - body.start) / shape.rate) * 1000 - performance.now();
    // A connection whose reader paused does not become faster afterwards.
    if (ahead < -MAX_CATCH_UP) start -= ahead + MAX_CATCH_UP;
    else await sleep(ahead);
  }
  socket.uncork();
}

function drained(socket: Socket): Promise<void> {
  if (socket.destroyed || !socket.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      socket.off('drain', settle);
      socket.off('close', settle);
      resolve();
    };
    socket.once('drain', settle);
    socket.once('close', settle);
  });
}

/** Waits. Timers have a resolution of 1 ms, so shorter waits are skipped; the next wait makes up for them. */
function sleep(ms: number): Promise<void> {
  return ms < 1 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
