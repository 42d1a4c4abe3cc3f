import type { Span } from '../../http/index.ts';
import { chunkStream, lend } from '../../store/chunk-stream.ts';
import { PAGE } from './block-format.ts';
import type { Room } from './open-block.ts';

/** Bytes of a chunk at the most: what a stream holds. */
export const CHUNK = 4 * PAGE;

/** Buffers that are kept for later when no stream has them. */
const MAX_KEPT = 16;

/** Buffers of {@link CHUNK} bytes for streams, whose bytes are lent: see `ChunkReader.read`. */
export interface ChunkBuffers {
  /** Takes a buffer. */
  take(): Buffer;
  /** Gives one back whose bytes nothing refers to. */
  giveBack(buffer: Buffer): void;
}

export function chunkBuffers(): ChunkBuffers {
  const kept: Buffer[] = [];
  return {
    take() {
      const buffer = kept.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
      lend(buffer.buffer);
      return buffer;
    },
    giveBack(buffer) {
      if (kept.length < MAX_KEPT) kept.push(buffer);
    },
  };
}

/** Reads a part of a block into the memory that `room` gives. @throws where that is not possible any more */
export type ReadPart = (part: Span, room: Room) => Promise<Buffer>;

/**
 * A part of a block as a stream. All its chunks but the last lie in one buffer, which is taken from `buffers` for the
 * first of them and given back before the last. That one is given for good: a reader need not ask again after it.
 */
export function blockStream({ start, end }: Span, read: ReadPart, buffers: ChunkBuffers): ReadableStream<Uint8Array> {
  let at = start;
  let buffer: Buffer | undefined;
  let isCancelled = false;
  let isReading = false;

  function giveBack(): void {
    if (buffer !== undefined) buffers.giveBack(buffer);
    buffer = undefined;
  }

  async function readLent(part: Span): Promise<Buffer | undefined> {
    const memory = (buffer ??= buffers.take());
    isReading = true;
    try {
      const chunk = await read(part, () => memory);
      if (!isCancelled) return chunk;
    } finally {
      isReading = false;
      if (isCancelled) giveBack();
    }
    return undefined;
  }

  return chunkStream({
    async read() {
      const next = Math.min(end, Math.floor((at + CHUNK) / PAGE) * PAGE);
      const part = { start: at, end: next };
      at = next;
      if (next < end) return readLent(part);
      // Whoever asks for more is done with what was lent.
      giveBack();
      return part.start < end ? read(part, (length) => Buffer.allocUnsafeSlow(length)) : undefined;
    },
    async cancel() {
      isCancelled = true;
      // What was lent may still be on its way to a client: the buffer is left to the collector, unless it is being filled.
      if (!isReading) buffer = undefined;
    },
  });
}
