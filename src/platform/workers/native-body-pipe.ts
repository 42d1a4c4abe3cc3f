import {
  type PlannedBodyRead,
  type BodyPlan,
  type BodyPipe,
  type TransferOutcome,
  type PipedBody,
  readParts,
  newReadProgress,
} from '../../gateway/download/body-pipe.ts';
import { WORKERS_PARALLEL_READS } from '../../config/parallel-reads-setting.ts';
import { MiB } from '../../config/schema.ts';
import { spanLength } from '../../http/index.ts';
import { slicesOf, type BlockSlices } from '../../cache/body-stream.ts';
import type { BlockCacheOptions } from '../../cache/with-block-cache.ts';
import { defaultReader, type ChunkReader } from '../../store/chunk-stream.ts';

/**
 * Moves bytes through workerd's own pipes, without JavaScript seeing a chunk: 0.001 CPU seconds a GiB, against 6 to
 * 9 through a reader. Only where one read serves several parts are its bytes looked at, to drop what is between.
 *
 * The compatibility flag `enable_request_signal` is what tells a client that left from a storage that failed.
 */
export const nativeBodyPipe: BodyPipe = {
  pipe,
  toReader: byobReader,
  isNative: true,
  maxParallelReads: WORKERS_PARALLEL_READS,
  toBlocks: workersBlocks,
};

/**
 * Each block in the cache is a request to it, of which a download has 10,000, and what it takes makes a warm download
 * of small blocks slower than R2 itself: hence large ones. A cold one costs up to three, and while it is read it is in
 * the isolate's 128 MB, once or twice.
 */
function workersBlocks(blockSize = 8 * MiB): Partial<BlockCacheOptions> {
  return { blockSize, maxBlocks: 3_000, memory: 32 * MiB, isShared: false };
}

function pipe(plan: BodyPlan): PipedBody {
  // Keeps the length, which any other TransformStream would lose: the answer would be chunked.
  const { readable, writable } = new FixedLengthStream(plan.length);
  const abandon = () => void readable.cancel().catch(() => undefined);
  return { body: readable, done: send(plan, writable), abandon };
}

async function send(
  { length, reads, tail, signal, close }: BodyPlan,
  writable: WritableStream<Uint8Array>,
): Promise<TransferOutcome> {
  try {
    for (const read of reads) await sendRead(read, writable);
    await write(writable, tail);
    await writable.close();
    return {
      outcome: 'complete',
      bytesSent: length,
      bytesRead: reads.reduce((sum, { span }) => sum + spanLength(span), 0),
    };
  } catch (cause) {
    // Breaks the response, so that the client sees that it is not whole.
    await writable.abort(cause).catch(() => undefined);
    const counts = { bytesSent: null, bytesRead: null };
    return signal.aborted ? { outcome: 'aborted', ...counts } : { outcome: 'failed', ...counts, cause };
  } finally {
    close();
  }
}

async function sendRead(read: PlannedBodyRead, writable: WritableStream<Uint8Array>): Promise<void> {
  const [part, ...others] = read.parts;
  if (part === undefined || others.length > 0) return sendParts(read, writable);
  const body = await read.open();
  const slices = slicesOf(body);
  await write(writable, part.head);
  await (slices === undefined ? body.pipeTo(writable, { preventClose: true }) : sendPieces(slices, writable));
}

/**
 * workerd pipes no stream of its own into another of its own, so a body of blocks is not piped at all: its pieces are,
 * and those that the cache gave as streams stay out of JavaScript. One that breaks off breaks the answer, since a native
 * pipe does not tell where: the client sees it and resumes.
 */
async function sendPieces(slices: BlockSlices, writable: WritableStream<Uint8Array>): Promise<void> {
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
 * Slice by slice, since workerd copies what it is given: 50 slow clients of one block of 8 MiB took 370 MiB.
 */
async function write(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return;
  const writer = writable.getWriter();
  try {
    for (let at = 0; at < bytes.length; at += SLICE) await writer.write(bytes.subarray(at, at + SLICE));
  } finally {
    writer.releaseLock();
  }
}

/** In bytes. */
const SLICE = 256 * 1024;

/** Bytes a read into JavaScript; from 64 KiB to this size the CPU time a GiB halves, beyond it nothing is gained. */
const VIEW = 256 * 1024;

function byobReader(body: ReadableStream<Uint8Array>): ChunkReader {
  const reader = openByob(body);
  if (reader === undefined) return defaultReader(body);
  return {
    async read(max) {
      const { done, value } = await reader.read(new Uint8Array(Math.min(max, VIEW)));
      return done ? undefined : value;
    },
    cancel: () => reader.cancel(),
  };
}

/** @returns `undefined` for a stream made in JavaScript, such as a body that is read on; its chunks were read so already */
function openByob(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}
