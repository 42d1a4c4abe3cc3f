import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { requestQueue, type RequestQueue, type RequestWorker } from './request-queue.ts';

/** Where a server listens, and the limits of its connections. */
export interface ListenOptions {
  /** The port; 0 for any free one. */
  readonly port: number;
  /** The address to listen on. By default the loopback address. */
  readonly host?: string;
  /**
   * The most bytes of a request's head; the response to a longer one is 431. By default 64 KiB: a Range field may have
   * 32 KiB and an address 16 KiB, and Node's own limit is 16 KiB.
   */
  readonly headerBytes?: number;
  /** The timeout of a request's head, in ms; then the response is 408. By default 15 seconds. */
  readonly headerTimeout?: number;
  /** The number of proxies in front whose X-Forwarded-For is trusted. By default 0. */
  readonly trustedProxies?: number;
  /**
   * How long a client may read nothing although data is pending for it, in ms; then its connection is closed. By
   * default 60 seconds.
   */
  readonly idleTimeout?: number;
  /**
   * How long an idle connection is kept open, in ms. It must be longer than the idle timeout of a load balancer in
   * front. By default 75 seconds.
   */
  readonly keepAliveTimeout?: number;
}

/** A listening server. */
export interface NodeServer {
  /** The base URL with the actual port, without a trailing slash. */
  readonly url: string;
  /** The number of requests in progress. */
  inProgress(): number;
  /** The number of open connections. */
  connections(): number;
  /** Accepts no more requests, waits up to `limit` ms for responses in progress, then closes their connections. */
  stop(limit: number): Promise<void>;
}

/**
 * Starts Node's HTTP server.
 *
 * @param work handles a request; called for the requests of one connection one after the other
 * @param readsContent whether `work` reads the content of requests. The timeout of a whole request is 300 seconds then,
 *   else that of its head
 * @throws the system's error if the server can't listen, such as EADDRINUSE
 */
export async function listen(work: RequestWorker, options: ListenOptions, readsContent = false): Promise<NodeServer> {
  const { port, host = '127.0.0.1' } = options;
  const stopping = new AbortController();
  const queue = requestQueue((req, res, sent) => {
    if (stopping.signal.aborted) res.setHeader('Connection', 'close');
    work(req, res, sent);
  });
  const server = createHttpServer(options, queue, readsContent);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: toUrl(server),
    inProgress: () => queue.inProgress(),
    connections: () => sockets.size,
    stop: (limit) => {
      stopping.abort();
      return stopServer(server, () => [...sockets].some((socket) => queue.isFlushing(socket)), limit);
    },
  };
}

function createHttpServer(
  { headerBytes = 64 * 1024, headerTimeout = 15_000, idleTimeout = 60_000, keepAliveTimeout = 75_000 }: ListenOptions,
  queue: RequestQueue,
  readsContent: boolean,
): Server {
  const server = createServer({
    maxHeaderSize: headerBytes,
    headersTimeout: headerTimeout,
    // If content is not read, a request is complete with its head.
    requestTimeout: readsContent ? CONTENT_TIMEOUT : headerTimeout,
    connectionsCheckingInterval: Math.min(headerTimeout, 5_000),
    keepAliveTimeout,
    // The stream events of requests without content are a fifth of the server's own work, and have no listener.
    optimizeEmptyRequests: true,
  });
  // A client that closes its sending side after the request still receives the whole response (RFC 9112 §9.6).
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('request', (req, res) => queue.add(req, res));
  // By default Node sends a 100 response. In a pipeline it would follow the head of the previous response and be read
  // as its content. A gateway reads no content, so the final response is sent instead. The client then may omit its
  // content (RFC 9110 §10.1.1), and only closing the connection separates that content from a next request.
  server.on('checkContinue', (req, res) => {
    res.setHeader('Connection', 'close');
    queue.add(req, res);
  });
  // Applies to every response. Each byte that a client reads or sends restarts the timeout.
  server.setTimeout(idleTimeout, (socket) => {
    // While the gateway waits for the storage, no data is pending and the client is not stalled. Corked bytes were
    // written in this turn of the event loop.
    const isStalled = socket.writableLength > 0 && socket.writableCorked === 0;
    if (queue.isBusy(socket) && !isStalled) socket.setTimeout(idleTimeout);
    else socket.destroy();
  });
  return server;
}

/** The timeout of a request with content, in ms: Node's default. */
const CONTENT_TIMEOUT = 300_000;

function toUrl(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/**
 * Node counts a connection as idle as soon as its response has ended, and closes it although bytes of that response
 * still wait for the client; `close` of an HTTP server does the same. So idle connections are closed only while no
 * response is flushed. Until then they are served, and closed with their next response.
 */
async function stopServer(server: Server, isFlushing: () => boolean, limit: number): Promise<void> {
  const closed = once(server, 'close');
  const closeIdle = () => isFlushing() || server.closeIdleConnections();
  // Accepts no more connections, and leaves all others open.
  NetServer.prototype.close.call(server);
  closeIdle();
  const sweep = setInterval(closeIdle, 100);
  const deadline = setTimeout(() => server.closeAllConnections(), limit);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  // Stops the timer that looks for late heads, of which an HTTP server has one.
  server.close();
}
