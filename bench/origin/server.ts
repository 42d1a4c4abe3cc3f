import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { answer, type OriginAnswer } from './answer.ts';
import { bytesAt, MAX_SLICE, type BenchObject } from './objects.ts';
import { parseRequestHead } from './request-head.ts';

/** What slows an origin down to that of a storage far away. */
export interface Shape {
  /** Until the head of an answer goes out, in ms. */
  readonly firstByte: number;
  /** Bytes a second that a connection carries. */
  readonly rate: number;
}

/** What an origin was asked for, since it started. */
export interface OriginCounts {
  requests: number;
  /** Of bodies, handed to the system. */
  bytes: number;
}

/** How an origin listens. */
export interface OriginOptions {
  readonly shape?: Shape;
  /** Key and certificate as PEM: it speaks TLS. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

/** An origin that listens on loopback. */
export interface Origin {
  readonly port: number;
  readonly counts: OriginCounts;
  /** Takes no more connections; those that are there go on. */
  stop(): void;
}

/** Bytes that a shaped connection gets at once: some 3 ms worth at 90 MB/s. */
const SHAPED_PIECE = 256 * 1024;

/** So far behind its rate, in ms, a shaped connection may catch up: timers are coarse, and the core is shared. */
const LATE = 5;

/** Bytes handed to the system at once; larger pieces gain nothing, and are counted although a client has left. */
const PIECE = 1024 * 1024;

/** A body up to this size is copied behind its head: one buffer to write is cheaper than two. */
const SMALL = 16 * 1024;

/**
 * An S3 of computed bytes. On bare sockets: Node's own HTTP server costs several times as much a request, which would
 * be taken from whatever is measured on the same cores.
 */
export async function startOrigin(
  objects: readonly BenchObject[],
  { shape, tls }: OriginOptions = {},
): Promise<Origin> {
  const counts: OriginCounts = { requests: 0, bytes: 0 };
  const accept = (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    void converse(socket, objects, shape, counts);
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

/** One answer after the other, for as long as the connection lasts. */
async function converse(
  socket: Socket,
  objects: readonly BenchObject[],
  shape: Shape | undefined,
  counts: OriginCounts,
): Promise<void> {
  let held = '';
  let busy = false;
  const next = async () => {
    busy = true;
    for (let end = held.indexOf('\r\n\r\n'); end >= 0 && !socket.destroyed; end = held.indexOf('\r\n\r\n')) {
      const request = parseRequestHead(held.slice(0, end));
      held = held.slice(end + 4);
      counts.requests++;
      if (shape !== undefined) await sleep(shape.firstByte);
      await send(socket, answer(request, objects), shape, counts);
    }
    busy = false;
  };
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1');
    if (!busy) void next();
  });
}

async function send(socket: Socket, { head, body }: OriginAnswer, shape: Shape | undefined, counts: OriginCounts) {
  if (body === undefined || typeof body === 'string') {
    socket.write(head + (body ?? ''), 'latin1');
    return;
  }
  const length = body.end - body.start;
  if (length <= SMALL) {
    counts.bytes += length;
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytesAt(body.start, length)]));
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  const piece = Math.min(shape === undefined ? PIECE : SHAPED_PIECE, MAX_SLICE);
  let begun = performance.now();
  for (let at = body.start; at < body.end && !socket.destroyed;) {
    const bytes = bytesAt(at, Math.min(piece, body.end - at));
    at += bytes.length;
    counts.bytes += bytes.length;
    const room = socket.write(bytes);
    socket.uncork();
    if (!room) await drained(socket);
    if (shape === undefined) continue;
    const ahead = begun + ((at - body.start) / shape.rate) * 1000 - performance.now();
    // A connection whose reader stood still does not become faster afterwards.
    if (ahead < -LATE) begun -= ahead + LATE;
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

/** Timers are a millisecond coarse; what is less is not waited for, and made up by the next wait. */
function sleep(ms: number): Promise<void> {
  return ms < 1 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
