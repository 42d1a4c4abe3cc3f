import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where to listen. */
export interface ListenOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** By default the loopback address. */
  readonly host?: string;
}

/** A server that listens. */
export interface NodeServer {
  /** With the port that it got, without a slash at its end. */
  readonly url: string;
  /** Takes no more requests, lets running downloads finish for `limit` ms at the most, then breaks them off. */
  stop(limit: number): Promise<void>;
}

/** Request heads of up to this many bytes: a Range field may have 32 KiB, and Node's own limit is 16. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Listens with Node's HTTP server.
 *
 * @throws the system's error where it can't, such as EADDRINUSE
 */
export async function listen(
  onRequest: RequestListener,
  { port, host = '127.0.0.1' }: ListenOptions,
): Promise<NodeServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
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
