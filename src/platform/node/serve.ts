import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultReader, isReusable, type ChunkReader } from '../../store/chunk-stream.ts';
import type { FetchContext, FetchHandler, PlatformEnv } from '../fetch-handler.ts';
import { isGateway } from '../../gateway/create-gateway.ts';
import { lazyRequest } from './lazy-request.ts';
import { readContent } from './read-content.ts';
import { readRequest, toWebRequest } from './node-request.ts';
import type { RequestWorker } from './request-queue.ts';
import { lazyResponse, toWritableResponse, type WritableResponse } from './lazy-response.ts';
import { listen, type ListenOptions, type NodeServer } from './node-server.ts';
import { writable } from './writable.ts';

/**
 * Serves a gateway, or an app that a gateway is mounted in, with Node's HTTP server.
 *
 * @param handler receives the requests; {@link PlatformEnv} is the `env` of its `fetch`
 * @param options where to listen, and the limits of connections; times are in ms
 * @returns the listening server
 * @throws the system's error if the server can't listen, such as EADDRINUSE
 *
 * @example
 * import { createGateway, fsStore, serve } from 'rangeway/node';
 *
 * const server = await serve(createGateway({ store: fsStore('public') }), { port: 8080 });
 * console.log(server.url);
 */
export async function serve(handler: FetchHandler, options: ListenOptions): Promise<NodeServer> {
  const { trustedProxies = 0 } = options;
  const readsContent = !isGateway(handler);
  const stopping = new AbortController();
  // Each stream of events listens.
  setMaxListeners(0, stopping.signal);
  const work: RequestWorker = (req, res, sent) => {
    respond(handler, readsContent, req, res, sent, trustedProxies, stopping.signal).catch((error: unknown) => {
      console.error(error);
      // The app failed, or its response can't be sent. The end of the response releases the gateway's slot and body.
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    });
  };
  const server = await listen(work, options, readsContent);
  const stop = (limit: number) => {
    stopping.abort();
    return server.stop(limit);
  };
  return { ...server, stop };
}

async function respond(
  handler: FetchHandler,
  readsContent: boolean,
  req: IncomingMessage,
  res: ServerResponse,
  sent: Promise<boolean>,
  trustedProxies: number,
  stopping: AbortSignal,
): Promise<void> {
  const disconnected = new AbortController();
  // A response that was sent aborts nothing: an abort creates an error with its stack, and calls listeners.
  void sent.then((isSent) => isSent || disconnected.abort());
  const received = readRequest(req);
  const request = received && (readsContent ? toWebRequest : lazyRequest)(received, disconnected.signal);
  if (received === undefined || request === undefined) {
    res.writeHead(400, { Connection: 'close' }).end();
    return;
  }
  const { address, headers: fields } = received;
  if (readsContent && received.content !== undefined && req.headers.expect !== undefined) res.writeContinue();
  const platformEnv: PlatformEnv = {
    clientAddress: clientAddress(req, trustedProxies),
    sent,
    toResponse: lazyResponse,
    stopping,
    readContent: readsContent ? undefined : (limit) => readContent(received, res, limit),
    head: { request, fields, address },
  };
  await send(toWritableResponse(await handler.fetch(request, platformEnv, CONTEXT)), res);
}

/**
 * Node needs no `waitUntil`. Without a context, hono would throw an error for each request, and the gateway catch it.
 */
const CONTEXT: FetchContext = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

/**
 * Returns the address of the socket, or the one that the outermost trusted proxy appended: each proxy appends its
 * client.
 */
function clientAddress({ socket, headers }: IncomingMessage, trustedProxies: number): string | undefined {
  if (trustedProxies === 0) return socket.remoteAddress;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  return forwarded.at(-trustedProxies)?.trim();
}

async function send({ status, fields, body }: WritableResponse, res: ServerResponse): Promise<void> {
  const reader = body instanceof ReadableStream ? defaultReader(body) : undefined;
  try {
    const lines: string[] = [];
    for (const [name, value] of fields) lines.push(name, value);
    // An app's middleware can produce a body whose length differs from Content-Length: such a response is broken off.
    res.strictContentLength = reader !== undefined;
    // If the client disconnected before the response, only the body is closed.
    if (!res.destroyed) res.writeHead(status, lines);
    if (reader !== undefined) await sendBody(reader, res);
    else if (!(body instanceof ReadableStream)) atEndOfTurn(() => end(res, body));
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
}

/**
 * Sends a small body as a Latin-1 string of the same bytes: Node sends it together with the head, a tenth more requests
 * a second.
 */
function end(res: ServerResponse, body: Uint8Array | string | null): void {
  if (!(body instanceof Uint8Array) || body.length > SMALL_BODY) res.end(body ?? undefined);
  else res.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
}

/** The most bytes of a body that is converted to a string. */
const SMALL_BODY = 4096;

async function sendBody(reader: ChunkReader, res: ServerResponse): Promise<void> {
  const cancel = () => void reader.cancel().catch(() => undefined);
  if (res.destroyed) return cancel();
  // `close` follows a complete response too.
  res.once('close', () => {
    if (!res.writableFinished) cancel();
  });
  try {
    for (;;) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) break;
      if (isReusable(chunk)) {
        await writeAndWait(res, chunk);
        continue;
      }
      corkForTurn(res);
      res.write(chunk);
      if (res.writableLength > HIGH_WATER_MARK) await writable(res);
    }
    if (res.destroyed) return;
    // With the chunked coding, Node would send the last chunk before chunks that are still corked.
    if (res.chunkedEncoding && res.writableCorked > 0) res.uncork();
    res.end();
  } catch {
    // The gateway has logged the cause. The client receives fewer bytes than Content-Length says, so it detects the
    // break.
    res.destroy();
  }
}

/** The most bytes that are buffered for the client; above it, the storage is not read. */
const HIGH_WATER_MARK = 256 * 1024;

/** Sends all chunks of this turn of the event loop with one system call: a call costs as much as 64 KiB of data. */
function corkForTurn(res: ServerResponse): void {
  if (res.writableCorked > 0) return;
  res.cork();
  setImmediate(() => res.uncork());
}

/** Writes a chunk, and waits until the system has its bytes or the response is closed. */
function writeAndWait(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    res.write(chunk, () => resolve());
  });
}

let queued: (() => void)[] = [];

/**
 * Runs a function after the event loop has read all connections, together with all other such functions. Writing in
 * between would wake the client for one response at a time: a quarter fewer responses of 64 KiB a second, measured with
 * 8 and with 64 clients on the same machine, which is how a proxy in front behaves.
 */
function atEndOfTurn(work: () => void): void {
  queued.push(work);
  if (queued.length === 1) setImmediate(runQueued);
}

function runQueued(): void {
  const batch = queued;
  queued = [];
  for (const work of batch) work();
}
