import { defaultReader, copyIfReusable, type ChunkReader } from '../../store/chunk-stream.ts';
import { writable } from '../node/writable.ts';
import {
  toPlatformEnv,
  toFunctionUrlHead,
  toRequest,
  type FunctionUrlEvent,
  type FunctionUrlHead,
  type LambdaHandlerOptions,
} from './event.ts';

/** The stream that Lambda's runtime passes to a streaming handler. It has methods of stream.Writable, but is none. */
export interface ResponseStream {
  readonly destroyed: boolean;
  /** @returns false if the buffer is full; then `drain` is emitted when it is empty */
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: StreamEvent, listener: (error?: Error) => void): unknown;
  removeAllListeners(event: 'error'): unknown;
  off(event: StreamEvent, listener: (error?: Error) => void): unknown;
}

/** The events of a response stream. */
export type StreamEvent = 'drain' | 'close' | 'error';

/** The status and the fields. The runtime sends them before the body, as JSON and 8 NUL bytes. */
export interface Prelude extends FunctionUrlHead {
  readonly statusCode: number;
}

/** A Lambda handler for the invoke mode RESPONSE_STREAM. */
export type StreamedHandler = (event: FunctionUrlEvent, stream: ResponseStream) => Promise<void>;

/** The global `awslambda` of Lambda's runtime. */
export interface AwsLambda {
  streamifyResponse(handler: StreamedHandler): StreamedHandler;
  readonly HttpResponseStream: {
    from(stream: ResponseStream, prelude: Prelude): ResponseStream;
  };
}

declare global {
  // Outside Lambda, the AWS SDK defines an empty object for its own use.
  var awslambda: Partial<AwsLambda> | undefined;
}

/** The most bytes of a streamed body. */
export const STREAMED_LIMIT = 200 * 1024 * 1024;

/** Creates a handler that streams the response. Lambda can call it only after {@link streamify}. */
export function lambdaStreamHandler({ gateway, front }: LambdaHandlerOptions): StreamedHandler {
  return async (event, stream) => {
    const disconnected = new AbortController();
    const abort = () => disconnected.abort();
    stream.once('close', abort);
    try {
      const platformEnv = { ...toPlatformEnv(event, front), allowsEventStreams: false, event };
      await send(await gateway.fetch(toRequest(event, disconnected.signal), platformEnv), stream);
    } finally {
      stream.off('close', abort);
    }
  };
}

/** Registers a handler as a streaming one with Lambda's runtime. Outside Lambda, returns the handler unchanged. */
export function streamify(handler: StreamedHandler): StreamedHandler {
  return globalThis.awslambda?.streamifyResponse?.(handler) ?? handler;
}

/** Sends a response. The body is closed on every path. */
async function send({ status, headers, body }: Response, raw: ResponseStream): Promise<void> {
  const reader = body === null ? undefined : defaultReader(body);
  const cancel = () => void reader?.cancel().catch(() => undefined);
  if (raw.destroyed) return cancel();
  try {
    const httpResponseStream = globalThis.awslambda?.HttpResponseStream;
    if (httpResponseStream === undefined)
      throw new Error('streaming needs the runtime of Lambda: there is no awslambda');
    const stream = httpResponseStream.from(raw, { statusCode: status, ...toFunctionUrlHead(headers) });
    // The runtime sends the prelude with the first write. Without it, an empty response would have no status and
    // headers.
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
    // Removed after a complete body too: `close` follows, and the body is closed already.
    stream.off('close', cancel);
  }
}

/**
 * Breaks a response off, so that the client does not take it for complete, without ending the process
 * (docs/decisions/0007).
 *
 * If the handler only rejects, the runtime ends the stream normally, with trailers that report the error, and Lambda
 * takes that for success; the chunked coding has no length that would show the truncation. So the stream is destroyed.
 * The runtime's own `error` listener would then reject two promises without handlers, which ends the process, so it is
 * removed first.
 */
function breakOff(stream: ResponseStream, error: Error): void {
  stream.removeAllListeners('error');
  stream.on('error', () => undefined);
  stream.destroy(error);
}
