import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export { createGateway, type GatewayOptions } from '../gateway/gateway.ts';
export { describeError } from '../gateway/log.ts';
export { parseSettings, type Settings } from '../gateway/settings.ts';
export { fsStore } from '../store/drivers/fs.ts';
export { s3Store, type S3Location } from '../store/drivers/s3.ts';
export { s3Client, type S3Access } from './s3-client.ts';

/** Anything that answers requests: a gateway, or the app that it is mounted in. */
export interface FetchHandler {
  fetch(request: Request): Response | Promise<Response>;
}

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
 * Serves a gateway on Node's HTTP server.
 *
 * @throws the system's error where it can't listen, such as EADDRINUSE
 */
export async function serve(handler: FetchHandler, { port, host = '127.0.0.1' }: ListenOptions): Promise<NodeServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
  const stopping = new AbortController();
  server.on('request', (req, res) => {
    if (stopping.signal.aborted) res.setHeader('Connection', 'close');
    respond(handler, req, res).catch((error: unknown) => {
      console.error(error);
      res.destroy();
    });
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

async function respond(handler: FetchHandler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const left = new AbortController();
  res.once('close', () => left.abort());
  const request = toRequest(req, left.signal);
  if (request === undefined) {
    res.writeHead(400, { Connection: 'close' }).end();
    return;
  }
  await send(await handler.fetch(request), res);
}

/** The methods that no Request can have; the gateway refuses them as it refuses any other that it does not know. */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** @returns `undefined` where the target can't be an address */
function toRequest(req: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', rawHeaders } = req;
  const headers = new Headers();
  try {
    // From the raw list: Node drops the second line of some fields, and two dates must not look like one.
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
    return new Request(toAddress(url), {
      method: FORBIDDEN_METHODS.has(method) ? 'UNSUPPORTED' : method,
      headers,
      signal,
    });
  } catch {
    return undefined;
  }
}

/** Put together and not resolved: of `//host/path` a resolver would take the path's first segment for a host. */
function toAddress(target: string): string {
  return target.startsWith('/') ? `http://localhost${target}` : target;
}

async function send(response: Response, res: ServerResponse): Promise<void> {
  if (res.destroyed) {
    // The client left before there was an answer, so `close` has been and nobody else gives the body back.
    await response.body?.cancel();
    return;
  }
  res.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) {
    res.end();
    return;
  }
  const reader = response.body.getReader();
  // The client left, or the whole was sent and this does nothing.
  res.once('close', () => void reader.cancel().catch(() => undefined));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!res.write(value)) await writable(res);
    }
    if (!res.destroyed) res.end();
  } catch {
    // The gateway has logged why. The length sent is not the length promised, so the client sees a break.
    res.destroy();
  }
}

/** When the client has taken what was written, or has left. */
function writable(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle).off('close', settle);
      resolve();
    };
    res.once('drain', settle).once('close', settle);
  });
}
