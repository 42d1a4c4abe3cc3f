/** Reads a body forward. */
export interface ChunkReader {
  /**
   * The next bytes, at most `max` where the platform lets us choose; `undefined` at the end. They may be in memory that
   * is used again, and then hold until the next bytes are given: whoever needs them for longer takes them `kept`.
   */
  read(max: number): Promise<Uint8Array | undefined>;
  /** Gives the body back. A read that waits ends at once, as if at the end. */
  cancel(): Promise<void>;
}

/** Opens a body for reading. */
export type ToReader = (body: ReadableStream<Uint8Array>) => ChunkReader;

/** The readers behind streams of `chunkStream` from which nothing was read. */
export const untouched = new WeakMap<ReadableStream<Uint8Array>, ChunkReader>();

/**
 * Takes the reader out of a stream, which then is locked as by any other reader.
 *
 * @returns `undefined` where it is no stream of ours, or somebody has begun to read it
 */
export function takeReader(stream: ReadableStream<Uint8Array>): ChunkReader | undefined {
  const reader = untouched.get(stream);
  if (reader === undefined || stream.locked) return undefined;
  untouched.delete(stream);
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
