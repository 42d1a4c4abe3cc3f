import { chunkStream, type ChunkReader } from '../../chunk-stream.ts';
import { storeError } from '../../store-error.ts';

/**
 * A body of the SDK: a stream of Node on Node; in workerd a web stream, or a Blob if the response has no web stream.
 */
export type S3Body = ReadableStream<Uint8Array> | NodeBody | object;

/**
 * The members of a Readable of Node that are used here. This file imports no module of Node, because it also runs in
 * workerd.
 */
interface NodeBody {
  readonly destroyed: boolean;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Closes the connection. Without it, an unread body would occupy a socket of the pool. */
  destroy(): unknown;
}

/**
 * Makes a web stream of a body of the SDK. `cancel` releases its connection.
 *
 * @throws TypeError if the body is no stream
 */
export function toWebStream(body: S3Body): ReadableStream<Uint8Array> {
  if (isWebStream(body)) return body;
  if (body instanceof Blob) return body.stream();
  if (!isNodeBody(body)) throw new TypeError('the SDK gave a body that is no stream');
  return chunkStream(nodeReader(body));
}

/** Number of unread chunks at which the stream is paused. With 0 it would pause and resume for each chunk. */
const MAX_UNREAD = 2;

/**
 * Reads a stream of Node by its events. Node's async iterator would copy bytes that arrived in two pieces, and make
 * four promises a chunk.
 */
function nodeReader(body: NodeBody): ChunkReader {
  const chunks: Uint8Array[] = [];
  let pendingRead: { resolve: (chunk: Uint8Array | undefined) => void; reject: (error: unknown) => void } | undefined;
  let isStarted = false;
  let isPaused = false;
  let isClosed = false;
  let failure: Error | undefined;

  function finish(): void {
    isClosed = true;
    pendingRead?.resolve(undefined);
    pendingRead = undefined;
  }

  function fail(cause: Error): void {
    // The event `close` follows after the end, too.
    if (isClosed) return;
    isClosed = true;
    failure = storeError('unavailable', 'S3 broke a body off', cause);
    pendingRead?.reject(failure);
    pendingRead = undefined;
  }

  /** Adds the listeners. It is called at the first read, because the stream flows as soon as it has listeners. */
  function start(): void {
    isStarted = true;
    const close = () => fail(new Error('its connection was closed'));
    if (body.destroyed) return close();
    body.on('data', (chunk) => {
      if (pendingRead === undefined) {
        chunks.push(chunk);
        isPaused = chunks.length >= MAX_UNREAD;
        if (isPaused) body.pause();
        return;
      }
      pendingRead.resolve(chunk);
      pendingRead = undefined;
    });
    body.on('end', finish);
    body.on('error', fail);
    body.on('close', close);
  }

  return {
    async read() {
      if (!isStarted) start();
      const chunk = chunks.shift();
      if (chunk !== undefined) return chunk;
      if (failure !== undefined) throw failure;
      if (isClosed) return undefined;
      return new Promise<Uint8Array | undefined>((resolve, reject) => {
        pendingRead = { resolve, reject };
        if (isPaused) body.resume();
        isPaused = false;
      });
    },
    async cancel() {
      chunks.length = 0;
      if (isClosed) return;
      finish();
      body.destroy();
    },
  };
}

function isWebStream(body: S3Body): body is ReadableStream<Uint8Array> {
  return 'getReader' in body;
}

function isNodeBody(body: S3Body): body is NodeBody {
  return 'on' in body && 'resume' in body && 'destroy' in body;
}
