import { chunkStream, defaultReader, type ChunkReader } from '../store/chunk-stream.ts';
import { expectEnd, nextChunk } from '../store/exact-body.ts';
import type { BlockBody, StreamSlice } from './block-body.ts';
import { discard } from './resilient-cache.ts';
import { withTimeout } from './with-timeout.ts';

/** The pieces of a body, for a platform that pipes streams itself. */
export type BlockSlices = Pick<BlockBody, 'next' | 'leave'>;

const bodies = new WeakMap<ReadableStream<Uint8Array>, BlockSlices>();

/** The pieces of a stream that {@link bodyStream} made: to be taken in the place of its bytes. */
export function slicesOf(stream: ReadableStream<Uint8Array>): BlockSlices | undefined {
  return bodies.get(stream);
}

/** A stream of the cache, or of the storage, that is being read. */
interface Current {
  readonly slice: StreamSlice;
  readonly reader: ChunkReader;
  /** In the object, in bytes. */
  at: number;
}

/**
 * A body of blocks as a stream. A stream of the cache that breaks off, ends early or is silent for too long is read on
 * from the storage.
 *
 * @param timeout how long a stream of the cache may be silent, in ms
 */
export function bodyStream(body: BlockBody, timeout: number): ReadableStream<Uint8Array> {
  let current: Current | undefined;
  let isCancelled = false;

  async function giveBack(): Promise<void> {
    body.leave();
    await current?.reader.cancel().catch(() => undefined);
  }

  async function read(max: number): Promise<Uint8Array | undefined> {
    for (;;) {
      if (current === undefined) {
        const slice = await body.next();
        if (slice === undefined || slice instanceof Uint8Array) return slice;
        // It may be cancelled between the answer of the body and this line.
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

  /** @returns `undefined` at the end of the piece, or where it broke: the body then goes on from there */
  async function readCached(from: Current, max: number): Promise<Uint8Array | undefined> {
    const left = from.slice.end - from.at;
    const chunk =
      left === 0 ? undefined : await withTimeout(timeout, from.reader.read(Math.min(max, left))).catch(() => undefined);
    if (chunk !== undefined && chunk.length > 0) {
      const taken = chunk.subarray(0, left);
      from.at += taken.length;
      return taken;
    }
    // Not waited for: what is silent may stay so.
    void from.reader.cancel().catch(() => undefined);
    if (left > 0) body.restart(from.at);
    return undefined;
  }

  const stream = chunkStream({
    async read(max) {
      try {
        return await read(max);
      } catch (error) {
        // A stream that fails is not cancelled, so this is where the rest is given back.
        void giveBack();
        throw error;
      }
    },
    async cancel() {
      isCancelled = true;
      await giveBack();
    },
  });
  bodies.set(stream, body);
  return stream;
}

async function readStored(from: Current): Promise<Uint8Array | undefined> {
  const left = from.slice.end - from.at;
  if (left === 0) return undefined;
  const chunk = await nextChunk(from.reader, left);
  from.at += chunk.length;
  if (from.at === from.slice.end) await expectEnd(from.reader);
  return chunk;
}
