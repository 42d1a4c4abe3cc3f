import { chunkStream, defaultReader, type ChunkReader, expectEnd, nextChunk } from '../store/chunk-stream.ts';
import type { BlockBody, StreamSlice } from './block-body.ts';
import { discard } from './resilient-cache.ts';
import { withTimeout } from '../base/with-timeout.ts';

/** The slices of a body, for a platform that pipes streams natively. */
export type BlockSlices = Pick<BlockBody, 'next' | 'leave'>;

const bodies = new WeakMap<ReadableStream<Uint8Array>, BlockSlices>();

/**
 * Returns the slices of a stream that {@link bodyStream} made. Read either the slices or the stream, not both.
 *
 * @returns `undefined` for any other stream
 */
export function blockSlicesOf(stream: ReadableStream<Uint8Array>): BlockSlices | undefined {
  return bodies.get(stream);
}

/** The stream of the cache or of the storage that is being read. */
interface OpenSlice {
  readonly slice: StreamSlice;
  readonly reader: ChunkReader;
  /** Position of the next byte, in the object. */
  at: number;
}

/**
 * Creates the byte stream of a body. If a stream of the cache breaks, ends early or stalls, the body continues from the
 * storage at the same byte.
 *
 * @param timeout stall timeout of a stream of the cache, in ms
 */
export function bodyStream(body: BlockBody, timeout: number): ReadableStream<Uint8Array> {
  let current: OpenSlice | undefined;
  let isCancelled = false;

  async function close(): Promise<void> {
    body.leave();
    await current?.reader.cancel().catch(() => undefined);
  }

  async function read(max: number): Promise<Uint8Array | undefined> {
    for (;;) {
      if (current === undefined) {
        const slice = await body.next();
        if (slice === undefined || slice instanceof Uint8Array) return slice;
        // The stream may have been cancelled after `next` had opened this slice.
        if (isCancelled) {
          discard(slice.stream);
          return undefined;
        }
        current = { slice, reader: defaultReader(slice.stream), at: slice.start };
      }
      const chunk = await (current.slice.isCached ? readCached(current, max) : readStored(current));
      if (chunk !== undefined) return chunk;
      current = undefined;
    }
  }

  /** @returns `undefined` at the end of the slice, or if its stream broke: the body then continues from there */
  async function readCached(from: OpenSlice, max: number): Promise<Uint8Array | undefined> {
    const remaining = from.slice.end - from.at;
    const received =
      remaining === 0
        ? undefined
        : await withTimeout(timeout, from.reader.read(Math.min(max, remaining))).catch(() => undefined);
    if (received !== undefined && received.length > 0) {
      const chunk = received.subarray(0, remaining);
      from.at += chunk.length;
      return chunk;
    }
    // Not awaited: a stalled stream may also stall in `cancel`.
    void from.reader.cancel().catch(() => undefined);
    if (remaining > 0) body.restart(from.at);
    return undefined;
  }

  const stream = chunkStream({
    async read(max) {
      try {
        return await read(max);
      } catch (error) {
        // A stream that errors is not cancelled by its consumer, so it closes the body itself.
        void close();
        throw error;
      }
    },
    async cancel() {
      isCancelled = true;
      await close();
    },
  });
  bodies.set(stream, body);
  return stream;
}

async function readStored(from: OpenSlice): Promise<Uint8Array | undefined> {
  const remaining = from.slice.end - from.at;
  if (remaining === 0) return undefined;
  const chunk = await nextChunk(from.reader, remaining);
  from.at += chunk.length;
  if (from.at === from.slice.end) await expectEnd(from.reader);
  return chunk;
}
