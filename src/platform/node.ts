import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultReader } from '../store/chunk-reader.ts';
import { isLent } from '../store/lent.ts';
import { requestMethod, type FetchContext, type FetchHandler } from './fetch-handler.ts';
import { listen, type ListenOptions, type NodeServer } from './node-server.ts';
import { writable } from './writable.ts';

export { diskCache, type DiskCache, type DiskCacheOptions } from '../cache/drivers/disk.ts';
export { memoryCache, type MemoryCache, type MemoryCacheOptions } from '../cache/drivers/memory.ts';
export { createGateway, type GatewayOptions } from '../gateway/gateway.ts';
export { describeError } from '../gateway/log.ts';
export { parseConfig, type Config } from '../gateway/config.ts';
export { fsStore } from '../store/drivers/fs.ts';
export { s3Store, type S3Location } from '../store/drivers/s3.ts';
export type { FetchHandler } from './fetch-handler.ts';
export { openNodeConfig } from './node-config.ts';
export * from './links.ts';
export type { ListenOptions, NodeServer } from './node-server.ts';
export { s3Client, type S3Access } from './s3-client.ts';
export { s3Storage, type Replica, type S3Source } from './s3-storage.ts';

/**
 * Serves a gateway on Node's HTTP server.
 *
 * @throws the system's error where it can't listen, such as EADDRINUSE
 */
export async function serve(handler: FetchHandler, options: ListenOptions): Promise<NodeServer> {
  const { idleTimeout = IDLE_TIMEOUT, trustedProxies = 0 } = options;
  return listen((req, res) => {
    respond(handler, req, res, { idleTimeout, trustedProxies }).catch((error: unknown) => {
      console.error(error);
      res.destroy();
    });
  }, options);
}

/** In ms. */
const IDLE_TIMEOUT = 60_000;

async function respond(
  handler: FetchHandler,
  req: IncomingMessage,
  res: ServerResponse,
  { idleTimeout, trustedProxies }: { readonly idleTimeout: number; readonly trustedProxies: number },
): Promise<void> {
  const left = new AbortController();
  // A whole answer closes too, and then nobody has left: an abort makes an error with its stack, and calls listeners.
  res.once('close', () => {
    if (!res.writableFinished) left.abort();
  });
  const request = toRequest(req, left.signal);
  if (request === undefined) {
    res.writeHead(400, { Connection: 'close' }).end();
    return;
  }
  const facts = { clientAddress: clientAddress(req, trustedProxies) };
  await send(await handler.fetch(request, facts, CONTEXT), res, idleTimeout);
}

/** Nothing has to be kept alive on Node. Without one, hono throws an error for each request, which is caught. */
const CONTEXT: FetchContext = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

/** The socket's, or what the outermost of so many proxies in front says of its own client (each appends one). */
function clientAddress({ socket, headers }: IncomingMessage, trustedProxies: number): string | undefined {
  if (trustedProxies === 0) return socket.remoteAddress;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  return forwarded.at(-trustedProxies)?.trim();
}

/** @returns `undefined` where the target can't be an address */
function toRequest(req: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', rawHeaders } = req;
  const fields: [string, string][] = [];
  try {
    // From the raw list: Node drops the second line of some fields, and two dates must not look like one.
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
    const address = toAddress(url);
    const request = new Request(address, { method: requestMethod(method), headers: fields });
    // Given to the constructor, it would cost listeners and an entry for the collector: up to 20 µs a request. A copy
    // (`clone`) does not abort when the client leaves; nobody here makes one.
    Object.defineProperty(request, 'signal', { value: signal });
    // Of two lines nobody can say which a proxy in front has looked at (RFC 9112 §3.2).
    if (request.headers.get('Host')?.includes(',') === true) return undefined;
    // §3.2.2 there: the host in the target counts, and the field is ignored.
    if (address === url) request.headers.set('Host', new URL(url).host);
    return request;
  } catch {
    return undefined;
  }
}

/**
 * Put together and not resolved: of `//host/path` a resolver would take the path's first segment for a host.
 *
 * @throws TypeError for a target that is neither a path nor an address of the web
 */
function toAddress(target: string): string {
  if (target.startsWith('/')) return `http://localhost${target}`;
  if (/^https?:\/\/[^/]/i.test(target)) return target;
  throw new TypeError('the target is no address');
}

async function send(response: Response, res: ServerResponse, idleTimeout: number): Promise<void> {
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
  const reader = defaultReader(response.body);
  // The client left, or the whole was sent and this does nothing.
  res.once('close', () => {
    if (!res.writableFinished) reader.cancel().catch(() => undefined);
  });
  try {
    for (;;) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) break;
      if (isLent(chunk)) {
        await patiently(res, idleTimeout, written(res, chunk));
        continue;
      }
      gather(res);
      res.write(chunk);
      if (res.writableLength > AHEAD) await patiently(res, idleTimeout, writable(res));
    }
    if (!res.destroyed) res.end();
  } catch {
    // The gateway has logged why. The length sent is not the length promised, so the client sees a break.
    res.destroy();
  }
}

/** Bytes that may wait for the client to take them, before the storage is held back. */
const AHEAD = 256 * 1024;

/** Sends what is there by the end of this turn of the event loop in one call of the system: each costs as much as 64 KiB. */
function gather(res: ServerResponse): void {
  if (res.writableCorked > 0) return;
  res.cork();
  setImmediate(() => res.uncork());
}

/** Writes, and waits until the system has the bytes, or nobody is there to take them. */
function written(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    res.write(chunk, () => resolve());
  });
}

/** Waits for the client. One that takes nothing for so long is left: Node ends its connection. */
async function patiently(res: ServerResponse, idleTimeout: number, moved: Promise<void>): Promise<void> {
  res.setTimeout(idleTimeout);
  await moved;
  // While the storage is waited for, nothing moves, and the client is not to blame.
  res.setTimeout(0);
}
