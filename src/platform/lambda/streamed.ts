import { defaultReader, copyIfReusable, type ChunkReader } from '../../store/chunk-stream.ts';
import { writable } from '../node/writable.ts';
import {
  toPlatformEnv,
  toHead,
  toRequest,
  type FunctionUrlEvent,
  type FunctionUrlHead,
  type LambdaHandlerOptions,
} from './event.ts';

/** What Lambda's runtime gives a streaming handler to write to. It is no stream.Writable, though it has its methods. */
export interface ResponseStream {
  readonly destroyed: boolean;
  /** @returns whether there is room for more; if not, `drain` tells */
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: StreamEvent, listener: (error?: Error) => void): unknown;
  removeAllListeners(event: 'error'): unknown;
  off(event: StreamEvent, listener: (error?: Error) => void): unknown;
}

/** What a response stream tells. */
export type StreamEvent = 'drain' | 'close' | 'error';

/** Goes before the body, as JSON and 8 NUL bytes. */
export interface Prelude extends FunctionUrlHead {
  readonly statusCode: number;
}

/** A handler for the invoke mode RESPONSE_STREAM. */
export type StreamedHandler = (event: FunctionUrlEvent, stream: ResponseStream) => Promise<void>;

/** The runtime's global. */
export interface AwsLambda {
  streamifyResponse(handler: StreamedHandler): StreamedHandler;
  readonly HttpResponseStream: {
    from(stream: ResponseStream, prelude: Prelude): ResponseStream;
  };
}

declare global {
  // Off Lambda the SDK makes an empty one, for its own use.
  var awslambda: Partial<AwsLambda> | undefined;
}

/** Bytes that a function URL streams at the most. */
export const STREAMED_LIMIT = 200 * 1024 * 1024;

/** Makes a handler that streams. It has to go through `awslambda.streamifyResponse` before Lambda calls it. */
export function lambdaStreamHandler({ gateway, front }: LambdaHandlerOptions): StreamedHandler {
  return async (event, stream) => {
    const left = new AbortController();
    const leave = () => left.abort();
    stream.once('close', leave);
    try {
      const facts = { ...toPlatformEnv(event, front), event };
      await send(await gateway.fetch(toRequest(event, left.signal), facts), stream);
    } finally {
      stream.off('close', leave);
    }
  };
}

/**
 * Where the runtime is Lambda's, a handler that it streams; anywhere else, the handler as it is.
 */
export function streamify(handler: StreamedHandler): StreamedHandler {
  return globalThis.awslambda?.streamifyResponse?.(handler) ?? handler;
}

/** However it ends, the body is given back. */
async function send({ status, headers, body }: Response, raw: ResponseStream): Promise<void> {
  const reader = body === null ? undefined : defaultReader(body);
  const cancel = () => void reader?.cancel().catch(() => undefined);
  if (raw.destroyed) return cancel();
  try {
    const wire = globalThis.awslambda?.HttpResponseStream;
    if (wire === undefined) throw new Error('streaming needs the runtime of Lambda: there is no awslambda');
    const stream = wire.from(raw, { statusCode: status, ...toHead(headers) });
    // The runtime sends the prelude with the first write: without one, a body of zero bytes would lose status and headers.
    stream.write(new Uint8Array(0));
    if (reader === undefined) stream.end();
    else await sendBody(reader, stream, cancel);
  } catch (error) {
    cancel();
    throw error;
  }
}

async function sendBody(reader: ChunkReader, stream: ResponseStream, cancel: () => void): Promise<void> {
  stream.once('close', cancel);
  try {
    for (;;) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) break;
      if (!stream.write(copyIfReusable(chunk)) && !stream.destroyed) await writable(stream);
    }
    if (!stream.destroyed) stream.end();
  } catch (error) {
    breakOff(stream, error instanceof Error ? error : new Error('the body broke off', { cause: error }));
    throw error;
  } finally {
    // After a clean end too: `close` comes later, and there is nothing left to cancel.
    stream.off('close', cancel);
  }
}

/**
 * Breaks a response so that nobody takes it for whole, and keeps the process for the next one; docs/decisions/0007.
 *
 * A rejected handler is not enough: the runtime then ends the stream well, with trailers that tell of the error, and
 * Lambda takes that for a success. Chunked, it has no length that would tell otherwise. So the connection is broken.
 * The runtime's own listener for that rejects two promises that nobody waits for, which ends the process: it has to go
 * first.
 */
function breakOff(stream: ResponseStream, error: Error): void {
  stream.removeAllListeners('error');
  stream.on('error', () => undefined);
  stream.destroy(error);
}
