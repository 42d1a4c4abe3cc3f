import type { Span } from '../../http/index.ts';
import { chunkStream, markReusable } from '../../store/chunk-stream.ts';
import { PAGE } from './block-format.ts';
import { newBuffers, type BufferSource } from './open-block.ts';

/** Bytes of a chunk at the most, and of a stream's buffer. */
export const CHUNK = 4 * PAGE;

/** Buffers of {@link CHUNK} bytes that are kept for later when no stream has them. */
const MAX_KEPT = 16;

/** Bytes of a large chunk: fewer calls of the system, which are half of what a chunk of {@link CHUNK} bytes costs. */
const LARGE = 16 * PAGE;

/** How many streams have a large buffer at once. A slow client keeps its own, so the others have to be small. */
const MAX_LARGE = 4;

/** Buffers for streams. Their bytes are lent: see `ChunkReader.read`. */
export interface ChunkBuffers {
  /** Takes a buffer, of {@link LARGE} bytes where one is left, else of {@link CHUNK}. */
  take(): Uint8Array;
  /** Gives one back whose bytes nothing refers to. */
  giveBack(buffer: Uint8Array): void;
  /** Leaves one to the collector, since its bytes may be on their way to a client. */
  leave(buffer: Uint8Array): void;
}

export function chunkBuffers(): ChunkBuffers {
  const kept: Uint8Array[] = [];
  const keptLarge: Uint8Array[] = [];
  let large = 0;
  return {
    take() {
      if (large === MAX_LARGE) return kept.pop() ?? reusableBuffers(CHUNK);
      large++;
      return keptLarge.pop() ?? reusableBuffers(LARGE);
    },
    giveBack(buffer) {
      if (buffer.length === LARGE) {
        large--;
        keptLarge.push(buffer);
      } else if (kept.length < MAX_KEPT) kept.push(buffer);
    },
    leave(buffer) {
      if (buffer.length === LARGE) large--;
    },
  };
}

function reusableBuffers(length: number): Uint8Array {
  const memory = newBuffers(length);
  markReusable(memory.buffer);
  return memory;
}

/** Reads a part of a block into the memory that `room` gives. @throws where that is not possible any more */
export type ReadPart = (part: Span, room: BufferSource) => Promise<Uint8Array>;

/** Bytes at the end of a stream that are copied: when the reader asks for them, it has used the lent bytes before them. */
const LAST = 4096;

/**
 * A part of a block as a stream. Its chunks lie in one buffer, which is taken from `buffers` for the first of them and
 * given back when the reader asks for the {@link LAST} bytes. Those are given for good: many readers know the length,
 * and ask no more after them.
 */
export function blockStream({ start, end }: Span, read: ReadPart, buffers: ChunkBuffers): ReadableStream<Uint8Array> {
  let at = start;
  let buffer: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  let isCancelled = false;
  let isReading = false;

  function giveBack(): void {
    if (buffer !== undefined) buffers.giveBack(buffer);
    buffer = undefined;
  }

  async function fill(): Promise<Uint8Array> {
    const memory = (buffer ??= buffers.take());
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
      // No reader gets these bytes, and the reader that asked for them has used the lent bytes before them.
      if (isCancelled || !isRead) giveBack();
    }
  }

  return chunkStream({
    async read() {
      if (last === undefined && at < end) {
        const chunk = await fill();
        if (at < end || isCancelled) return chunk;
        last = chunk.slice(-LAST);
        if (chunk.length > LAST) return chunk.subarray(0, -LAST);
      }
      giveBack();
      const chunk = last;
      last = undefined;
      return chunk;
    },
    async cancel() {
      isCancelled = true;
      // The lent bytes may still be on their way to a client, so the buffer is left to the collector.
      if (isReading || buffer === undefined) return;
      buffers.leave(buffer);
      buffer = undefined;
    },
  });
}
