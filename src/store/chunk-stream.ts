import { storeError } from './store-error.ts';

/** Reads a body forward, one chunk after the other. */
export interface ChunkReader {
  /**
   * Reads the next bytes.
   *
   * The bytes may be in reusable memory. They are then valid only until the next chunk is returned; a caller that needs
   * them for longer calls {@link copyIfReusable}.
   *
   * @param max limit in bytes; a platform that has no such limit returns larger chunks
   * @returns `undefined` at the end of the body
   */
  read(max: number): Promise<Uint8Array | undefined>;
  /** Closes the body. A pending read ends at once, as if the body had ended. */
  cancel(): Promise<void>;
}

/** Opens a body for reading. */
export type ToReader = (body: ReadableStream<Uint8Array>) => ChunkReader;

/** The readers behind those streams of {@link chunkStream} from which no byte was read. */
export const unreadStreams = new WeakMap<ReadableStream<Uint8Array>, ChunkReader>();

/**
 * Removes the reader from a stream of {@link chunkStream}, locks the stream, and returns the reader.
 *
 * @returns `undefined` if the stream is of another source, is locked, or was read from
 */
export function takeReader(stream: ReadableStream<Uint8Array>): ChunkReader | undefined {
  const reader = unreadStreams.get(stream);
  if (reader === undefined || stream.locked) return undefined;
  unreadStreams.delete(stream);
  stream.getReader();
  return reader;
}

/**
 * Opens a body for reading. The chunks are those of the stream, whatever their length.
 *
 * @param body is locked
 * @throws TypeError if the body is locked already
 */
export function defaultReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const direct = takeReader(body);
  if (direct !== undefined) return direct;
  const reader = body.getReader();
  return {
    async read() {
      const { value } = await reader.read();
      return value;
    },
    cancel: () => reader.cancel(),
  };
}

/** Memory that is overwritten by later reads. */
const reusableMemory = new WeakSet<ArrayBufferLike>();

/** Marks memory as reusable: its owner overwrites it later, see {@link ChunkReader.read}. */
export function markReusable(memory: ArrayBufferLike): void {
  reusableMemory.add(memory);
}

/** Removes the mark of {@link markReusable}: the memory is not overwritten any more. */
export function unmarkReusable(memory: ArrayBufferLike): void {
  reusableMemory.delete(memory);
}

/** Returns whether the bytes are in reusable memory, and so valid only until the next chunk is returned. */
export function isReusable({ buffer }: Uint8Array): boolean {
  return reusableMemory.has(buffer);
}

/** Returns bytes that stay valid: a copy if they are in reusable memory, else the same bytes. */
export function copyIfReusable(bytes: Uint8Array): Uint8Array {
  return isReusable(bytes) ? new Uint8Array(bytes) : bytes;
}

/**
 * Makes a stream of a reader. `defaultReader` of this stream returns the reader itself: most bodies pass several
 * wrappers of this package, and each web stream in JavaScript costs Node several promises a chunk.
 *
 * @param source may return bytes in reusable memory; the stream copies them. After `cancel`, and after the end, the
 *   stream and its reader behave as a web stream does, see {@link strictReader}
 */
export function chunkStream(source: ChunkReader): ReadableStream<Uint8Array> {
  const reader = strictReader(source);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        unreadStreams.delete(stream);
        const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
        if (chunk === undefined) controller.close();
        else controller.enqueue(copyIfReusable(chunk));
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
  unreadStreams.set(stream, reader);
  return stream;
}

/** Makes a stream of bytes in memory. It yields them as one chunk. */
export function bytesStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let unread: Uint8Array | undefined = bytes;
  return chunkStream({
    async read() {
      const chunk = unread;
      unread = undefined;
      return chunk;
    },
    cancel: async () => undefined,
  });
}

/**
 * Applies the rules of a web stream to a reader: after `cancel` it is at its end at once, after its end `cancel` does
 * nothing, and after a failure each read throws the same error.
 */
function strictReader(reader: ChunkReader): ChunkReader {
  let isClosed = false;
  let failure: { readonly error: unknown } | undefined;
  return {
    async read(max) {
      if (failure !== undefined) throw failure.error;
      if (isClosed) return undefined;
      try {
        const chunk = await reader.read(max);
        if (isClosed) return undefined;
        isClosed = chunk === undefined;
        return chunk;
      } catch (error) {
        if (isClosed) return undefined;
        isClosed = true;
        failure = { error };
        throw error;
      }
    },
    async cancel() {
      if (isClosed) return;
      isClosed = true;
      await reader.cancel();
    },
  };
}

/**
 * Reads the next bytes of a body of known length, at least one.
 *
 * @param remaining bytes of the body that are not read yet, more than 0
 * @throws StoreError `invalid-response` if the body ends early or is longer
 */
export async function nextChunk(reader: ChunkReader, remaining: number): Promise<Uint8Array> {
  for (;;) {
    const chunk = await reader.read(remaining);
    if (chunk === undefined) throw storeError('invalid-response', `the storage ended a body ${remaining} bytes early`);
    if (chunk.length > remaining)
      throw storeError('invalid-response', `the storage sent ${chunk.length - remaining} bytes too many`);
    if (chunk.length > 0) return chunk;
  }
}

/**
 * Waits for the end of a body of which all bytes are read. Callers forward the last bytes only after that, because a
 * body that is longer than announced may hold wrong bytes.
 *
 * @throws StoreError `invalid-response` if there are more bytes
 */
export async function expectEnd(reader: ChunkReader): Promise<void> {
  for (;;) {
    const chunk = await reader.read(1);
    if (chunk === undefined) return;
    if (chunk.length > 0) throw storeError('invalid-response', 'the storage sent more bytes than it said');
  }
}
