import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultReader, isReusable, type ChunkReader } from '../../store/chunk-stream.ts';
import type { FetchContext, FetchHandler, PlatformEnv } from '../fetch-handler.ts';
import { isGateway } from '../../gateway/create-gateway.ts';
import { lazyRequest } from './lazy-request.ts';
import { readRequest, toWebRequest } from './node-request.ts';
import type { RequestWorker } from './request-queue.ts';
import { lazyResponse, toWritableResponse, type WritableResponse } from './lazy-response.ts';
import { listen, type ListenOptions, type NodeServer } from './node-server.ts';
import { writable } from './writable.ts';

/**
 * Serves a gateway on Node's HTTP server.
 *
 * @throws the system's error where it can't listen, such as EADDRINUSE
 */
export async function serve(handler: FetchHandler, options: ListenOptions): Promise<NodeServer> {
  const { trustedProxies = 0 } = options;
  const readsContent = !isGateway(handler);
  const work: RequestWorker = (req, res, sent) => {
    respond(handler, readsContent, req, res, sent, trustedProxies).catch((error: unknown) => {
      console.error(error);
      // The app has failed, or its answer can't be sent. What the gateway holds for it ends with the response.
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    });
  };
  return listen(work, options, readsContent);
}

async function respond(
  handler: FetchHandler,
  readsContent: boolean,
  req: IncomingMessage,
  res: ServerResponse,
  sent: Promise<boolean>,
  trustedProxies: number,
): Promise<void> {
  const left = new AbortController();
  // Only where it was not: an abort makes an error with its stack, and calls listeners.
  void sent.then((isSent) => isSent || left.abort());
  const asked = readRequest(req);
  const request = asked && (readsContent ? toWebRequest : lazyRequest)(asked, left.signal);
  if (asked === undefined || request === undefined) {
    res.writeHead(400, { Connection: 'close' }).end();
    return;
  }
  const { address, headers: fields } = asked;
  if (readsContent && asked.content !== undefined && req.headers.expect !== undefined) res.writeContinue();
  const facts: PlatformEnv = {
    clientAddress: clientAddress(req, trustedProxies),
    sent,
    toResponse: lazyResponse,
    head: { request, fields, address },
  };
  await send(toWritableResponse(await handler.fetch(request, facts, CONTEXT)), res);
}

/** Nothing has to be kept alive on Node. Without one, hono throws an error for each request, which is caught. */
const CONTEXT: FetchContext = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

/** The socket's, or what the outermost of so many proxies in front says of its own client (each appends one). */
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
    // A body of another length than the head says, as an app's middleware can make one, is broken off.
    res.strictContentLength = reader !== undefined;
    // Of a client that left before there was an answer, only the body is given back.
    if (!res.destroyed) res.writeHead(status, lines);
    if (reader !== undefined) await sendBody(reader, res);
    else if (!(body instanceof ReadableStream)) atEndOfTurn(() => end(res, body));
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
}

/** Few bytes go as the text of the same bytes, which Node sends in one piece with the head: a tenth more requests a second. */
function end(res: ServerResponse, body: Uint8Array | string | null): void {
  if (!(body instanceof Uint8Array) || body.length > FEW) res.end(body ?? undefined);
  else res.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
}

/** Bytes that are worth a copy. */
const FEW = 4096;

async function sendBody(reader: ChunkReader, res: ServerResponse): Promise<void> {
  const leave = () => void reader.cancel().catch(() => undefined);
  if (res.destroyed) return leave();
  // The client left, or the whole was sent and this does nothing.
  res.once('close', () => {
    if (!res.writableFinished) leave();
  });
  try {
    for (;;) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) break;
      if (isReusable(chunk)) {
        await written(res, chunk);
        continue;
      }
      gather(res);
      res.write(chunk);
      if (res.writableLength > AHEAD) await writable(res);
    }
    if (res.destroyed) return;
    // Of content without a length, Node sends the end before chunks that are still corked.
    if (res.chunkedEncoding && res.writableCorked > 0) res.uncork();
    res.end();
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

let waiting: (() => void)[] = [];

/**
 * Does work when the event loop has read what came from all connections, together with all other such work. Writing in
 * between wakes the other side for one answer at a time: of 64 KiB to 8 or 64 clients on this machine, as a proxy in
 * front is one, a quarter fewer a second.
 */
export function atEndOfTurn(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(run);
}

function run(): void {
  const works = waiting;
  waiting = [];
  for (const work of works) work();
}
