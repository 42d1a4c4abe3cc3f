import type { Span } from '../../http/index.ts';
import { chunkStream, markReusable } from '../../store/chunk-stream.ts';
import { PAGE } from './block-format.ts';
import { newBuffer, type BufferSource } from './open-block.ts';

/** Size of a small buffer, and so of a chunk of most streams, in bytes. */
export const CHUNK = 4 * PAGE;

/** Maximum number of free small buffers in the pool. */
const MAX_FREE = 16;

/** Size of a large buffer, in bytes. It takes fewer system calls, which are half the cost of a chunk of {@link CHUNK} bytes. */
const LARGE_CHUNK = 16 * PAGE;

/** Maximum number of large buffers in use. A slow client holds its buffer for long, so all other buffers are small. */
const MAX_LARGE = 4;

/** A pool of buffers for streams. Their memory is reused: see `ChunkReader.read`. */
export interface ChunkBufferPool {
  /** Returns a buffer of {@link LARGE_CHUNK} bytes if fewer than {@link MAX_LARGE} are in use, else of {@link CHUNK}. */
  acquire(): Uint8Array;
  /** Returns a buffer to the pool. Nothing may refer to its bytes any more. */
  release(buffer: Uint8Array): void;
  /** Removes a buffer from the pool, because its bytes may still be on their way to a client: it is garbage collected. */
  discard(buffer: Uint8Array): void;
}

/** Creates an empty pool. */
export function chunkBufferPool(): ChunkBufferPool {
  const free: Uint8Array[] = [];
  const freeLarge: Uint8Array[] = [];
  let largeInUse = 0;
  return {
    acquire() {
      if (largeInUse === MAX_LARGE) return free.pop() ?? reusableBuffer(CHUNK);
      largeInUse++;
      return freeLarge.pop() ?? reusableBuffer(LARGE_CHUNK);
    },
    release(buffer) {
      if (buffer.length === LARGE_CHUNK) {
        largeInUse--;
        freeLarge.push(buffer);
      } else if (free.length < MAX_FREE) free.push(buffer);
    },
    discard(buffer) {
      if (buffer.length === LARGE_CHUNK) largeInUse--;
    },
  };
}

function reusableBuffer(length: number): Uint8Array {
  const buffer = newBuffer(length);
  markReusable(buffer.buffer);
  return buffer;
}

/** Reads a part of a block into a buffer from `allocate`. @throws Error if the block can't be read any more */
export type ReadPart = (part: Span, allocate: BufferSource) => Promise<Uint8Array>;

/** Bytes at the end of a stream that are copied out of the buffer, so that the buffer is released before they are read. */
const TAIL_BYTES = 4096;

/**
 * Creates a stream of a part of a block.
 *
 * All chunks lie in one buffer of the pool. The stream acquires it with the first chunk, and releases it when the reader
 * asks for the last {@link TAIL_BYTES} bytes: by then the reader has used the bytes before them. Those last bytes are a
 * copy, because many readers know the length and do not read on to the end of the stream.
 *
 * @param part half-open, in bytes from the block's start
 */
export function blockStream({ start, end }: Span, read: ReadPart, pool: ChunkBufferPool): ReadableStream<Uint8Array> {
  let at = start;
  let buffer: Uint8Array | undefined;
  let tail: Uint8Array | undefined;
  let isCancelled = false;
  let isReading = false;

  function release(): void {
    if (buffer !== undefined) pool.release(buffer);
    buffer = undefined;
  }

  async function readChunk(): Promise<Uint8Array> {
    const memory = (buffer ??= pool.acquire());
    const part = { start: at, end: Math.min(end, Math.floor((at + memory.length) / PAGE) * PAGE) };
    at = part.end;
    isReading = true;
    let isRead = false;
    try {
      const chunk = await read(part, () => memory);
      isRead = true;
      return chunk;
    } finally {
      isReading = false;
      // No reader gets these bytes, and the reader has used the bytes that were in the buffer before them.
      if (isCancelled || !isRead) release();
    }
  }

  return chunkStream({
    async read() {
      if (tail === undefined && at < end) {
        const chunk = await readChunk();
        if (at < end || isCancelled) return chunk;
        tail = chunk.slice(-TAIL_BYTES);
        if (chunk.length > TAIL_BYTES) return chunk.subarray(0, -TAIL_BYTES);
      }
      release();
      const chunk = tail;
      tail = undefined;
      return chunk;
    },
    async cancel() {
      isCancelled = true;
      // The last chunk may still be on its way to a client, so the buffer must not be reused.
      if (isReading || buffer === undefined) return;
      pool.discard(buffer);
      buffer = undefined;
    },
  });
}
