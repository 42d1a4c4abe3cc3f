/** Reads a body forward. */
export interface ChunkReader {
  /**
   * The next bytes, at most `max` where the platform lets us choose; `undefined` at the end. They may be in memory that
   * is used again, and then hold until the next bytes are given: whoever needs them for longer takes them `copyIfReusable`.
   */
  read(max: number): Promise<Uint8Array | undefined>;
  /** Gives the body back. A read that waits ends at once, as if at the end. */
  cancel(): Promise<void>;
}

/** Opens a body for reading. */
export type ToReader = (body: ReadableStream<Uint8Array>) => ChunkReader;

/** The readers behind streams of `chunkStream` from which nothing was read. */
export const unreadStreams = new WeakMap<ReadableStream<Uint8Array>, ChunkReader>();

/**
 * Takes the reader out of a stream, which then is locked as by any other reader.
 *
 * @returns `undefined` where it is no stream of ours, or somebody has begun to read it
 */
export function takeReader(stream: ReadableStream<Uint8Array>): ChunkReader | undefined {
  const reader = unreadStreams.get(stream);
  if (reader === undefined || stream.locked) return undefined;
  unreadStreams.delete(stream);
  stream.getReader();
  return reader;
}

/** A reader that takes chunks as they come. */
export function defaultReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const own = takeReader(body);
  if (own !== undefined) return own;
  const reader = body.getReader();
  return {
    async read() {
      const { value } = await reader.read();
      return value;
    },
    cancel: () => reader.cancel(),
  };
}

/** Memory that is used again as soon as the bytes in it have had their time. */
const reusableMemory = new WeakSet<ArrayBufferLike>();

/** Marks memory whose bytes are only lent: see `ChunkReader.read`. */
export function markReusable(memory: ArrayBufferLike): void {
  reusableMemory.add(memory);
}

/** Marks it as the property of whoever has its bytes. */
export function unmarkReusable(memory: ArrayBufferLike): void {
  reusableMemory.delete(memory);
}

/** Whether these bytes hold only until the next ones are given. */
export function isReusable({ buffer }: Uint8Array): boolean {
  return reusableMemory.has(buffer);
}

/** The bytes for whoever keeps them: copied where they are only lent. */
export function copyIfReusable(bytes: Uint8Array): Uint8Array {
  return isReusable(bytes) ? new Uint8Array(bytes) : bytes;
}

/**
 * A reader as a stream. Whoever opens it with `defaultReader` gets the reader itself: most bodies go through several
 * hands which are all ours, and a web stream in JavaScript costs Node several promises a chunk for each. What `cancel`
 * means is as for streams, whoever reads: see {@link strictReader}.
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

/** Bytes that are all there as a stream, of one chunk. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let left: Uint8Array | undefined = bytes;
  return chunkStream({
    async read() {
      const chunk = left;
      left = undefined;
      return chunk;
    },
    cancel: async () => undefined,
  });
}

/** A reader that keeps to a stream's rules: cancelled, it is at its end at once; at its end, there is nothing to cancel. */
function strictReader(reader: ChunkReader): ChunkReader {
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  return {
    async read(max) {
      if (failure !== undefined) throw failure.error;
      if (isOver) return undefined;
      try {
        const chunk = await reader.read(max);
        if (isOver) return undefined;
        isOver = chunk === undefined;
        return chunk;
      } catch (error) {
        if (isOver) return undefined;
        isOver = true;
        failure = { error };
        throw error;
      }
    },
    async cancel() {
      if (isOver) return;
      isOver = true;
      await reader.cancel();
    },
  };
}
