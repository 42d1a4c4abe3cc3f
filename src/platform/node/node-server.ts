import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestQueue, type RequestQueue, type RequestWorker } from './request-queue.ts';

/** Where to listen. */
export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** By default the loopback address. */
  readonly host?: string;
  /** Bytes of a request's head; a longer one is answered 431. By default 64 KiB: a Range field may have 32, the address 16, and Node's own limit is 16. */
  readonly headerBytes?: number;
  /** Until a request's head is there, in ms; then it is answered 408. By default 15 seconds. */
  readonly headerTimeout?: number;
  /** How many proxies stand in front whose X-Forwarded-For is believed. By default none. */
  readonly trustedProxies?: number;
  /** How long a client may take nothing of what is there for it, in ms, before its connection is ended. By default 60 seconds. */
  readonly idleTimeout?: number;
  /** How long a connection without a request is kept, in ms: longer than a load balancer in front keeps it. By default 75 seconds. */
  readonly keepAliveTimeout?: number;
}

/** A server that listens. */
export interface NodeServer {
  /** With the port that it got, without a slash at its end. */
  readonly url: string;
  /** Takes no more requests, lets running downloads finish for `limit` ms at the most, then breaks them off. */
  stop(limit: number): Promise<void>;
}

/**
 * Listens with Node's HTTP server.
 *
 * @param work is given the requests of each connection one after the other
 * @param readsContent whether it may read the content of requests, for which Node's own time is given then
 * @throws the system's error where it can't, such as EADDRINUSE
 */
export async function listen(work: RequestWorker, options: ListenOptions, readsContent = false): Promise<NodeServer> {
  const { port, host = '127.0.0.1' } = options;
  const stopping = new AbortController();
  const turns = requestQueue((req, res, sent) => {
    if (stopping.signal.aborted) res.setHeader('Connection', 'close');
    work(req, res, sent);
  });
  const server = createHttpServer(options, turns, readsContent);
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: toUrl(server),
    stop: (limit) => {
      stopping.abort();
      return stopServer(server, limit);
    },
  };
}

function createHttpServer(
  { headerBytes = 64 * 1024, headerTimeout = 15_000, idleTimeout = 60_000, keepAliveTimeout = 75_000 }: ListenOptions,
  turns: RequestQueue,
  readsContent: boolean,
): Server {
  const server = createServer({
    maxHeaderSize: headerBytes,
    headersTimeout: headerTimeout,
    // Where content is not read nothing more is due once the head is there.
    requestTimeout: readsContent ? CONTENT_TIMEOUT : headerTimeout,
    connectionsCheckingInterval: Math.min(headerTimeout, 5_000),
    keepAliveTimeout,
    // Nobody reads what there is none of: events of a stream without content are a fifth of the server's own work.
    optimizeEmptyRequests: true,
  });
  // A client that closes its own direction after the request still gets the whole answer (RFC 9112 §9.6).
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('request', (req, res) => turns.take(req, res));
  // Node would send a 100, which in a pipeline comes after the head of the answer and counts as its content. A gateway
  // waits for no content, so the answer itself is sent; the client then may leave its content out (RFC 9110
  // §10.1.1), and only the end of the connection tells it from a next request.
  server.on('checkContinue', (req, res) => {
    res.setHeader('Connection', 'close');
    turns.take(req, res);
  });
  // For every answer alike. Each byte that a client takes starts the time anew, as does each byte that it sends.
  server.setTimeout(idleTimeout, (socket) => {
    // While the storage is waited for nothing is there to be taken, and the client is not to blame. Bytes that are
    // corked came in this very turn.
    const isOwed = socket.writableLength > 0 && socket.writableCorked === 0;
    if (turns.isBusy(socket) && !isOwed) socket.setTimeout(idleTimeout);
    else socket.destroy();
  });
  return server;
}

/** Until the content of a request is there, in ms: Node's default. */
const CONTENT_TIMEOUT = 300_000;

function toUrl(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

async function stopServer(server: Server, limit: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive is idle only after its download, and then nobody closes it.
  const sweep = setInterval(() => server.closeIdleConnections(), 100);
  const deadline = setTimeout(() => server.closeAllConnections(), limit);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
