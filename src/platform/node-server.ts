import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where to listen. */
export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** By default the loopback address. */
  readonly host?: string;
  /** Bytes of a request's head; a longer one is answered 431. By default 64 KiB: a Range field may have 32, and Node's own limit is 16. */
  readonly headerBytes?: number;
  /** Until a request's head is there, in ms; then it is answered 408. By default 15 seconds. */
  readonly headerTimeout?: number;
  /** How many proxies stand in front whose X-Forwarded-For is believed. By default none. */
  readonly trustedProxies?: number;
  /** How long a client may take nothing of what is there for it, in ms, before its connection is ended. By default 60 seconds. */
  readonly idleTimeout?: number;
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
 * @throws the system's error where it can't, such as EADDRINUSE
 */
export async function listen(
  onRequest: RequestListener,
  { port, host = '127.0.0.1', headerBytes = 64 * 1024, headerTimeout = 15_000 }: ListenOptions,
): Promise<NodeServer> {
  const server = createServer({
    maxHeaderSize: headerBytes,
    headersTimeout: headerTimeout,
    // Bodies are not read: once the head is there, nothing more is due.
    requestTimeout: headerTimeout,
    connectionsCheckingInterval: Math.min(headerTimeout, 5_000),
    // Nobody reads what there is none of: events of a stream without content are a fifth of the server's own work.
    optimizeEmptyRequests: true,
  });
  const stopping = new AbortController();
  server.on('request', (req, res) => {
    if (stopping.signal.aborted) res.setHeader('Connection', 'close');
    onRequest(req, res);
  });
  // Node would send a 100, which in a pipeline comes after the head of the answer and counts as its content. Nobody
  // here waits for content, so the answer itself is sent; the client then may leave its content out (RFC 9110
  // §10.1.1), and only the end of the connection tells it from a next request.
  server.on('checkContinue', (req, res) => {
    res.setHeader('Connection', 'close');
    onRequest(req, res);
  });
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
