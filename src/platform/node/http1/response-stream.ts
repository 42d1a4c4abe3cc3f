import type { ChunkReader } from '../../../store/chunk-stream.ts';
import { unpooledSlice, type PooledSlice } from './buffer-pool.ts';
import { responseDecoder } from './response-decoder.ts';
import type { ResponseHead } from './response-head.ts';

/** A response whose head has been received. */
export interface Http1Response {
  readonly head: ResponseHead;
  /** Cancelling it before its end closes the connection. */
  readonly body: ChunkReader;
}

/**
 * The response to one request, on a connection that has no other request. It has methods instead of getters: V8 creates
 * a hidden class for each object literal with getters, and those classes survive many garbage collections.
 */
export interface Http1ResponseStream {
  /** Whether a byte of the response has been received. */
  isBegun(): boolean;
  /** Whether the body has no length and ends with the connection. */
  isUntilClose(): boolean;
  /**
   * Decodes bytes that were received, and releases their slice.
   *
   * @returns whether the connection may read on before the body's reader wants more
   * @throws Error if the response is malformed
   */
  feed(received: PooledSlice): boolean;
  /** The other side has closed the connection. This ends a body that has no length. */
  close(): void;
  /** The connection failed: rejects the response, or its body. */
  fail(error: unknown): void;
}

/** The events of a response, which its connection handles. */
export interface ResponseStreamEvents {
  readonly onResponse: (response: Http1Response) => void;
  readonly onFail: (error: unknown) => void;
  /** The body is being read, and fewer bytes are buffered than may be. */
  readonly onDrain: () => void;
  /** The body was cancelled before its end. */
  readonly onCancel: () => void;
  /**
   * The response has been received completely.
   *
   * @param isReusable whether the response lets the connection persist
   * @param isSurplus whether bytes follow that belong to no response
   */
  readonly onEnd: (isReusable: boolean, isSurplus: boolean) => void;
}

interface PendingRead {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Creates the stream of a response: received bytes are fed to it, and are read from the response's body. While the body
 * is not read, `feed` returns false, and the connection pauses its socket.
 *
 * @param method of the request; a response to HEAD has no body
 * @param readAhead bytes that are buffered before `feed` returns false; with 0, those of one call
 */
export function responseStream(
  method: string,
  readAhead: number,
  { onResponse, onFail, onDrain, onCancel, onEnd }: ResponseStreamEvents,
): Http1ResponseStream {
  const buffered: PooledSlice[] = [];
  let bufferedBytes = 0;
  let isBegun = false;
  let isReusable = false;
  let isComplete = false;
  let failure: { readonly error: unknown } | undefined;
  /** The slice that is being decoded. */
  let source: PooledSlice | undefined;
  /** The slice that the last read returned. The next read releases it. */
  let delivered: PooledSlice | undefined;
  let pendingRead: PendingRead | undefined;

  const decoder = responseDecoder(method, {
    onHead(head) {
      isReusable = head.isPersistent;
      onResponse({ head, body });
    },
    onBytes(bytes) {
      if (source === undefined) return;
      bufferedBytes += bytes.length;
      const last = buffered.at(-1);
      const joined = last === undefined ? undefined : joinedBytes(last.bytes, bytes);
      buffered.push(source.retain(joined ?? bytes));
      if (joined !== undefined) buffered.splice(-2, 1)[0]?.release();
    },
    onEnd() {
      isComplete = true;
    },
  });

  /** Whether fewer bytes are buffered than may be. */
  function hasRoom(): boolean {
    return bufferedBytes === 0 || bufferedBytes < readAhead;
  }

  /** Settles the pending read if there are bytes, a failure or the end of the body. */
  function settleRead(): void {
    if (pendingRead === undefined) return;
    const { resolve, reject } = pendingRead;
    const next = buffered.shift();
    if (next !== undefined) {
      delivered?.release();
      delivered = next;
      bufferedBytes -= next.bytes.length;
      resolve(next.bytes);
    } else if (failure !== undefined) reject(failure.error);
    else if (isComplete) resolve(undefined);
    else return;
    pendingRead = undefined;
  }

  function finish(isSurplus: boolean): void {
    // The connection reuses its buffers for the next response, so bytes that were not read yet are moved out of them.
    buffered.splice(0, buffered.length, ...buffered.map((slice) => unpooledSlice(slice.toOwned())));
    settleRead();
    onEnd(isReusable, isSurplus);
  }

  const body: ChunkReader = {
    read() {
      return new Promise<Uint8Array | undefined>((resolve, reject) => {
        pendingRead = { resolve, reject };
        settleRead();
        const isWaiting = pendingRead !== undefined || readAhead > 0;
        if (isWaiting && !isComplete && failure === undefined && hasRoom()) onDrain();
      });
    },
    async cancel() {
      const read = pendingRead;
      pendingRead = undefined;
      for (const slice of buffered.splice(0)) slice.release();
      bufferedBytes = 0;
      read?.resolve(undefined);
      if (!isComplete && failure === undefined) onCancel();
    },
  };

  return {
    isBegun: () => isBegun,
    isUntilClose: () => decoder.isUntilClose(),
    feed(received) {
      isBegun = true;
      source = received;
      const decoded = decoder.feed(received.bytes);
      source = undefined;
      const isSurplus = decoded < received.bytes.length;
      received.release();
      if (isComplete) finish(isSurplus);
      else settleRead();
      return isComplete || hasRoom();
    },
    close() {
      if (isComplete || !decoder.close()) return;
      finish(false);
    },
    fail(error) {
      if (isComplete || failure !== undefined) return;
      failure = { error };
      onFail(error);
      settleRead();
    },
  };
}

/**
 * Joins two runs of bytes if the second begins in memory where the first ends. TLS passes each record on its own, 16 KiB
 * at the most, and to handle each by itself took most of the time of a download.
 */
function joinedBytes(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const isNext = first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset;
  return isNext ? new Uint8Array(first.buffer, first.byteOffset, first.length + second.length) : undefined;
}
