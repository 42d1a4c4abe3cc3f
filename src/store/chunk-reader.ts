import { takeReader } from './chunk-stream.ts';

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
