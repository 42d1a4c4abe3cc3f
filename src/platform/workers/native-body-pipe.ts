import {
  type PlannedBodyRead,
  type BodyPlan,
  type BodyPipe,
  type TransferOutcome,
  type PipedBody,
  readParts,
  newReadProgress,
  type ReadProgress,
} from '../../gateway/download/body-pipe.ts';
import { WORKERS_PARALLEL_READS } from '../../config/parallel-reads-setting.ts';
import { MiB } from '../../config/schema.ts';
import { spanLength } from '../../http/index.ts';
import { blockSlicesOf, type BlockSlices } from '../../cache/body-stream.ts';
import type { BlockCacheOptions } from '../../cache/with-block-cache.ts';
import { defaultReader, type ChunkReader } from '../../store/chunk-stream.ts';

/**
 * Moves bytes through workerd's own pipes, without JavaScript: 0.001 CPU seconds a GiB, against 6 to 9 through a
 * reader. JavaScript reads the bytes only if one read serves several parts, to drop the gaps between them.
 *
 * The compatibility flag `enable_request_signal` is needed to distinguish a disconnected client from a failed storage.
 *
 * @example
 * import { createGateway, memoryStore } from 'rangeway';
 * import { nativeBodyPipe } from 'rangeway/workers';
 *
 * export default createGateway({ store: memoryStore(), bodyPipe: nativeBodyPipe });
 */
export const nativeBodyPipe: BodyPipe = {
  pipe,
  toReader: byobReader,
  isNative: true,
  maxParallelReads: WORKERS_PARALLEL_READS,
  blockCacheOptions: workersBlocks,
};

/**
 * The options of the block cache. Each cached block costs a subrequest, and a download has 10,000 of them. The time of
 * these requests makes a cached download of small blocks slower than R2 itself, so blocks are large. A block that is
 * not cached costs up to three subrequests, and while it is read it is once or twice in the isolate's 128 MB.
 */
function workersBlocks(blockSize = 8 * MiB): Partial<BlockCacheOptions> {
  return { blockSize, maxBlocks: 3_000, memory: 32 * MiB, isShared: false };
}

function pipe(plan: BodyPlan): PipedBody {
  // With any other TransformStream the length would be lost, and the response would be chunked.
  const { readable, writable } = new FixedLengthStream(plan.length);
  const abandon = () => void readable.cancel().catch(() => undefined);
  return { body: readable, done: send(plan, writable), abandon };
}

async function send(plan: BodyPlan, writable: WritableStream<Uint8Array>): Promise<TransferOutcome> {
  const { length, reads, tail, signal, close, isCounted = false } = plan;
  const counted = isCounted ? { bytesSent: 0, ...newReadProgress() } : undefined;
  try {
    if (counted === undefined) {
      for (const read of reads) await sendRead(read, writable);
      await write(writable, tail);
    } else await sendCounted(plan, writable, counted);
    await writable.close();
    return {
      outcome: 'complete',
      bytesSent: length,
      bytesRead: reads.reduce((sum, { span }) => sum + spanLength(span), 0),
    };
  } catch (cause) {
    // Breaks the response off, so that the client detects that it is incomplete.
    await writable.abort(cause).catch(() => undefined);
    const counts = { bytesSent: counted?.bytesSent ?? null, bytesRead: counted?.bytesRead ?? null };
    return signal.aborted ? { outcome: 'aborted', ...counts } : { outcome: 'failed', ...counts, cause };
  } finally {
    close();
  }
}

/** The progress of a body whose bytes are counted. */
interface CountedProgress extends ReadProgress {
  bytesSent: number;
}

/**
 * Sends a body through JavaScript, because a native pipe does not report how many bytes of a broken response were sent.
 * A piece counts before it is written: the client may have received it when the write fails.
 */
async function sendCounted(
  { reads, tail }: BodyPlan,
  writable: WritableStream<Uint8Array>,
  progress: CountedProgress,
): Promise<void> {
  const count = (bytes: number) => void (progress.bytesSent += bytes);
  for (const read of reads) {
    for await (const chunk of readParts(read, progress, reusingReader)) await write(writable, chunk, count);
  }
  await write(writable, tail, count);
}

async function sendRead(read: PlannedBodyRead, writable: WritableStream<Uint8Array>): Promise<void> {
  const [part, ...others] = read.parts;
  if (part === undefined || others.length > 0) return sendParts(read, writable);
  const body = await read.open();
  const slices = blockSlicesOf(body);
  await write(writable, part.head);
  await (slices === undefined ? body.pipeTo(writable, { preventClose: true }) : sendSlices(slices, writable));
}

/**
 * Sends a body of blocks slice by slice, because workerd does not implement `pipeTo` between two TransformStreams.
 * Slices that are streams of the cache do not pass through JavaScript. If one breaks off, so does the response, because
 * a native pipe does not report the position: the client detects it and resumes.
 */
async function sendSlices(slices: BlockSlices, writable: WritableStream<Uint8Array>): Promise<void> {
  try {
    for (;;) {
      const slice = await slices.next();
      if (slice === undefined) return;
      if (slice instanceof Uint8Array) await write(writable, slice);
      else await slice.stream.pipeTo(writable, { preventClose: true });
    }
  } finally {
    slices.leave();
  }
}

async function sendParts(read: PlannedBodyRead, writable: WritableStream<Uint8Array>): Promise<void> {
  for await (const chunk of readParts(read, newReadProgress(), byobReader)) await write(writable, chunk);
}

/**
 * Writes bytes in pieces, because workerd copies each write: 50 slow clients of one block of 8 MiB took 370 MiB.
 *
 * @param onWrite called with the length of each piece in bytes, before it is written
 */
async function write(
  writable: WritableStream<Uint8Array>,
  bytes: Uint8Array,
  onWrite?: (length: number) => void,
): Promise<void> {
  if (bytes.length === 0) return;
  const writer = writable.getWriter();
  try {
    for (let start = 0; start < bytes.length; start += WRITE_SIZE) {
      const piece = bytes.subarray(start, start + WRITE_SIZE);
      onWrite?.(piece.length);
      await writer.write(piece);
    }
  } finally {
    writer.releaseLock();
  }
}

/** The most bytes of one write. */
const WRITE_SIZE = 256 * 1024;

/** The most bytes of one read. From 64 KiB to this size the CPU time a GiB halves; a larger size does not reduce it. */
const READ_SIZE = 256 * 1024;

function byobReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const reader = openByob(body);
  if (reader === undefined) return defaultReader(body);
  return {
    async read(max) {
      const { done, value } = await reader.read(new Uint8Array(Math.min(max, READ_SIZE)));
      return done ? undefined : value;
    },
    cancel: () => reader.cancel(),
  };
}

/**
 * Like {@link byobReader}, but each chunk is valid only until the second call after it, because two buffers take turns,
 * and after the first one it waits for full buffers. Measured with the simulated bucket, CPU seconds a GiB beyond those of
 * a native pipe: 1.8 with fresh memory and reads of any length, 1.0 with full reads, 0.3 with both.
 */
function reusingReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const reader = openByob(body);
  if (reader === undefined) return defaultReader(body);
  let [next, other] = [new ArrayBuffer(READ_SIZE), new ArrayBuffer(READ_SIZE)];
  let least = 1;
  return {
    async read(max) {
      const size = Math.min(max, READ_SIZE);
      const { value } = await reader.readAtLeast(Math.min(size, least), new Uint8Array(next, 0, size));
      least = READ_SIZE;
      if (value === undefined || value.length === 0) return undefined;
      [next, other] = [other, value.buffer];
      return value;
    },
    cancel: () => reader.cancel(),
  };
}

/**
 * @returns `undefined` for a stream created in JavaScript, such as a resumed body: its chunks are in JavaScript already
 */
function openByob(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}
