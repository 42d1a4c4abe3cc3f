import { chunkStream, type ChunkReader } from '../../chunk-stream.ts';
import { storeError } from '../../store-error.ts';

/** The body as the SDK gives it: a stream of Node's on Node; in workerd a web stream, or a Blob where there is none. */
export type S3Body = ReadableStream<Uint8Array> | NodeBody | object;

/** What this driver uses of a stream of Node's, so that no module of Node's has to be there. */
interface NodeBody {
  readonly destroyed: boolean;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Closes the connection; without it, the pool would keep the socket for a body that nobody reads. */
  destroy(): unknown;
}

/** A body as a web stream that gives its connection back when it is cancelled. */
export function toWebStream(body: S3Body): ReadableStream<Uint8Array> {
  if (isWebStream(body)) return body;
  if (body instanceof Blob) return body.stream();
  if (!isNodeBody(body)) throw new TypeError('the SDK gave a body that is no stream');
  return chunkStream(nodeReader(body));
}

/** Chunks that may wait for the reader before the storage is held back: with none, each would be held back in turn. */
const WAITING = 2;

/** Reads with events: an iterator of Node's copies what has come in two pieces, and makes four promises a chunk. */
function nodeReader(body: NodeBody): ChunkReader {
  const chunks: Uint8Array[] = [];
  let waiter: { resolve: (chunk: Uint8Array | undefined) => void; reject: (error: unknown) => void } | undefined;
  let isBegun = false;
  let isPaused = false;
  let isOver = false;
  let failure: Error | undefined;

  function finish(): void {
    isOver = true;
    waiter?.resolve(undefined);
    waiter = undefined;
  }

  function fail(cause: Error): void {
    // Every body is closed in the end.
    if (isOver) return;
    isOver = true;
    failure = storeError('unavailable', 'S3 broke a body off', cause);
    waiter?.reject(failure);
    waiter = undefined;
  }

  /** Not before somebody reads: listening makes it flow. */
  function begin(): void {
    isBegun = true;
    const close = () => fail(new Error('its connection was closed'));
    if (body.destroyed) return close();
    body.on('data', (chunk) => {
      if (waiter === undefined) {
        chunks.push(chunk);
        isPaused = chunks.length >= WAITING;
        if (isPaused) body.pause();
        return;
      }
      waiter.resolve(chunk);
      waiter = undefined;
    });
    body.on('end', finish);
    body.on('error', fail);
    body.on('close', close);
  }

  return {
    async read() {
      if (!isBegun) begin();
      const chunk = chunks.shift();
      if (chunk !== undefined) return chunk;
      if (failure !== undefined) throw failure;
      if (isOver) return undefined;
      return new Promise<Uint8Array | undefined>((resolve, reject) => {
        waiter = { resolve, reject };
        if (isPaused) body.resume();
        isPaused = false;
      });
    },
    async cancel() {
      chunks.length = 0;
      if (isOver) return;
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
