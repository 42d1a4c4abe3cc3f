import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { describeError } from '../../observe/log.ts';
import type { BufferedHandler } from '../../platform/lambda/buffered.ts';
import type { FunctionUrlEvent, FunctionUrlHead } from '../../platform/lambda/event.ts';
import { STREAMED_LIMIT, type StreamedHandler } from '../../platform/lambda/streamed.ts';
import { installRuntime, openWire, readWire } from './function-url-wire.ts';
import { listen, type ListenOptions, type NodeServer } from '../../platform/node/node-server.ts';
import { writable } from '../../platform/node/writable.ts';

/** A Lambda function, by the invoke mode of its URL. */
export type LocalFunction =
  | { readonly mode: 'buffered'; readonly handler: BufferedHandler }
  | { readonly mode: 'stream'; readonly handler: StreamedHandler };

/** The address and the limit of a local function URL. */
export interface FunctionUrlOptions extends ListenOptions {
  /** Bytes of a body that are streamed before the response is cut off. By default Lambda's own limit. */
  readonly streamedLimit?: number;
}

/** Lambda's limit for a buffered response: of the JSON with the body as base64, in bytes. */
const PAYLOAD_LIMIT = 6 * 1024 * 1024;

/**
 * A function URL on this machine: HTTP in, an event to the handler, HTTP out, with Lambda's limits. As on Lambda,
 * the function runs on after its client has disconnected.
 *
 * @throws the system's error if it can't listen
 */
export async function serveFunction(local: LocalFunction, options: FunctionUrlOptions): Promise<NodeServer> {
  const { streamedLimit = STREAMED_LIMIT } = options;
  if (local.mode === 'stream') installRuntime();
  return listen((req, res) => {
    const event = toEvent(req);
    const answer =
      local.mode === 'buffered' ? buffer(local.handler, event, res) : stream(local.handler, event, res, streamedLimit);
    answer.catch((error: unknown) => {
      console.error(`function URL: ${describeError(error)}`);
      if (res.headersSent) res.destroy();
      else fail(res);
    });
  }, options);
}

/** Responds as Lambda does if the function failed, or if its response can't be sent. */
function fail(res: ServerResponse): void {
  res.writeHead(502, { 'Content-Type': 'application/json' }).end('{"message":"Internal Server Error"}');
}

function toEvent({ method = 'GET', url = '/', rawHeaders, socket }: IncomingMessage): FunctionUrlEvent {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  const cookies = headers.get('cookie')?.split(/; */);
  headers.delete('cookie');
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  const query = target.indexOf('?');
  const { remoteAddress: sourceIp } = socket;
  return {
    version: '2.0',
    rawPath: (query < 0 ? target : target.slice(0, query)) || '/',
    rawQueryString: query < 0 ? '' : target.slice(query + 1),
    ...(cookies === undefined ? {} : { cookies }),
    headers: Object.fromEntries(headers),
    requestContext: { http: { method, ...(sourceIp === undefined ? {} : { sourceIp }) } },
    isBase64Encoded: false,
  };
}

async function buffer(handler: BufferedHandler, event: FunctionUrlEvent, res: ServerResponse): Promise<void> {
  const result = await handler(event);
  const { statusCode, body } = result;
  const payload = Buffer.byteLength(JSON.stringify(result));
  if (payload > PAYLOAD_LIMIT) throw new Error(`the answer has ${payload} bytes, and Lambda takes ${PAYLOAD_LIMIT}`);
  res.writeHead(statusCode, toFields(result)).end(Buffer.from(body, 'base64'));
}

async function stream(
  handler: StreamedHandler,
  event: FunctionUrlEvent,
  res: ServerResponse,
  limit: number,
): Promise<void> {
  const wire = openWire();
  // A failure shows in the stream.
  handler(event, wire.stream).catch((error: unknown) => wire.fail(error));
  let sent = 0;
  for await (const item of readWire(wire)) {
    if (item.type === 'head') {
      res.writeHead(item.prelude.statusCode, remapped(toFields(item.prelude))).flushHeaders();
      continue;
    }
    sent += item.bytes.length;
    if (sent > limit) throw new Error(`the answer has more than ${limit} bytes`);
    if (!res.destroyed && !res.write(item.bytes) && !res.destroyed) await writable(res);
  }
  res.end();
}

/** Converts header fields. Each cookie becomes a field line of its own. */
function toFields({ headers, cookies }: FunctionUrlHead): OutgoingHttpHeaders {
  return cookies === undefined ? headers : { ...headers, 'set-cookie': [...cookies] };
}

/** Renames Content-Length, as Lambda does: a streamed response is sent chunked. */
function remapped(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase() === 'content-length' ? 'x-amzn-remapped-content-length' : name,
      value,
    ]),
  );
}
