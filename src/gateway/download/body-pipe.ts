import { steadyTime } from '../../base/clock.ts';
import type { BlockCacheOptions } from '../../cache/with-block-cache.ts';
import { chunkStream, defaultReader, type ToReader, type ChunkReader } from '../../store/chunk-stream.ts';
import { storeError } from '../../store/store-error.ts';
import type { Span } from '../../http/index.ts';
import { expectEnd, nextChunk } from '../../store/exact-body.ts';

/**
 * The outcome of the transfer of a body; `aborted` if the client disconnected or stopped reading. Byte counts are
 * `null` if the platform's pipe does not report them, or the app made the response itself.
 */
export type TransferOutcome =
  | { readonly outcome: 'complete'; readonly bytesSent: number | null; readonly bytesRead: number }
  | { readonly outcome: 'aborted'; readonly bytesSent: number | null; readonly bytesRead: number | null }
  | {
      readonly outcome: 'failed';
      readonly bytesSent: number | null;
      readonly bytesRead: number | null;
      readonly cause: unknown;
    };

/** The stream of a body, and its outcome. */
export interface PipedBody {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when the body has ended. Never rejects. */
  readonly done: Promise<TransferOutcome>;
  /** Closes a body that is not sent, and its reads. Does nothing if the body has ended. Never throws. */
  readonly abandon: () => void;
}

/** Moves bytes from storage to a client on one platform, with back-pressure. */
export interface BodyPipe {
  /** Makes the stream of a body. */
  pipe(plan: BodyPlan): PipedBody;
  /** Opens the cheapest reader of a body for JavaScript on this platform. */
  readonly toReader: ToReader;
  /** Whether a body can be piped without passing through JavaScript. */
  readonly isNative: boolean;
  /** The highest number of connections for `parallelReads`. By default only the setting itself limits it. */
  readonly maxParallelReads?: number;
  /** Returns options of the block cache for a block size in bytes. If absent, `withBlockCache` uses its defaults. */
  readonly blockCacheOptions?: (size: number | undefined) => Partial<BlockCacheOptions>;
}

/** Pipes chunks in JavaScript, for platforms without native web streams, such as Node. */
export const portableBodyPipe: BodyPipe = { pipe, toReader: defaultReader, isNative: false };

function pipe(plan: BodyPlan): PipedBody {
  const { signal, idleTimeout, reads } = plan;
  const { promise: done, resolve } = Promise.withResolvers<TransferOutcome>();
  const progress = newReadProgress();
  const chunks = planReader(plan, progress);
  let bytesSent = 0;
  let isStarted = false;
  let isSettled = false;
  const counts = () => ({ bytesSent, bytesRead: progress.bytesRead });

  function settle(transfer: TransferOutcome): void {
    isSettled = true;
    idle.clear();
    resolve(transfer);
  }

  async function cancel(): Promise<void> {
    if (isSettled) return;
    settle({ outcome: 'aborted', ...counts() });
    // Before the first chunk no reader exists yet, but the first body may be open already.
    if (!isStarted) await (await reads[0]?.open())?.cancel();
    await chunks.end();
  }

  const abandon = () => void cancel().catch(() => undefined);
  const idle = idleTimer(idleTimeout, abandon);

  const body = chunkStream({
    async read() {
      if (isSettled) throw storeError('aborted', 'the body was left unread, or its client left');
      isStarted = true;
      idle.stop();
      try {
        const chunk = await chunks.next();
        if (chunk === undefined) settle({ outcome: 'complete', ...counts() });
        else {
          bytesSent += chunk.length;
          if (!isSettled) idle.start();
        }
        return chunk;
      } catch (cause) {
        await chunks.end();
        const outcome = signal.aborted ? 'aborted' : 'failed';
        if (!isSettled) settle({ outcome, ...counts(), cause });
        throw cause;
      }
    },
    cancel,
  });
  idle.start();
  // The client may have disconnected before the body existed. A later disconnect cancels the body.
  if (signal.aborted) abandon();
  return { body, done, abandon };
}

interface IdleTimer {
  start(): void;
  stop(): void;
  /** Removes the timer. Called once. */
  clear(): void;
}

/** Calls `onIdle` if it was started `ms` ago and not stopped since. All chunks of a body share one `setTimeout`. */
function idleTimer(ms: number | undefined, onIdle: () => void): IdleTimer {
  if (ms === undefined) return { start: () => undefined, stop: () => undefined, clear: () => undefined };
  let since: number | undefined;
  const check = () => {
    const remaining = since === undefined ? ms : ms - (steadyTime() - since);
    if (remaining <= 0) onIdle();
    else timer = setTimeout(check, remaining);
  };
  let timer = setTimeout(check, ms);
  return {
    start() {
      since = steadyTime();
    },
    stop() {
      since = undefined;
    },
    clear: () => clearTimeout(timer),
  };
}

/** Reads all bytes of a plan in order, one read after the other. */
function planReader({ reads, tail, close }: BodyPlan, progress: ReadProgress): PartsReader {
  let index = 0;
  let current: PartsReader | undefined;
  return {
    async next() {
      for (;;) {
        const read = reads[index];
        if (read === undefined) {
          if (index++ > reads.length || tail.length === 0) return undefined;
          return tail;
        }
        current ??= partsReader(read, progress, defaultReader);
        const chunk = await current.next();
        if (chunk !== undefined) return chunk;
        await current.end();
        current = undefined;
        index++;
      }
    },
    async end() {
      close();
      await current?.end();
    },
  };
}

/** The plan of a body: storage reads in order, and the text around the parts of a multipart body. */
export interface BodyPlan {
  /** The exact length of the body in bytes, part heads and tail included. */
  readonly length: number;
  readonly reads: readonly PlannedBodyRead[];
  /** Sent after the last part; empty unless the body is multipart. */
  readonly tail: Uint8Array;
  /** Aborted when the client disconnects, if the platform reports that. */
  readonly signal: AbortSignal;
  /** How long the client may read no byte, in ms, before the body is aborted. Absent for no timeout. */
  readonly idleTimeout?: number | undefined;
  /** Whether the bytes of a broken response have to be counted, although that is cheaper without. By default `false`. */
  readonly isCounted?: boolean | undefined;
  /** Closes a body that was opened ahead. Called when the body ends, whatever the outcome. */
  readonly close: () => void;
}

/** One storage read of a {@link BodyPlan}. */
export interface PlannedBodyRead {
  /** Opens the read, or returns a body that is open already. Called once. Throws a StoreError. */
  open(): Promise<ReadableStream<Uint8Array>>;
  /** The bytes of the object that the opened body yields, half-open. */
  readonly span: Span;
  /** The parts to send, in ascending order, inside `span`. */
  readonly parts: readonly BodyPart[];
}

/** One part of a body. */
export interface BodyPart {
  /** Sent before the bytes; empty unless the body is multipart. */
  readonly head: Uint8Array;
  /** The bytes of the object to send, half-open. */
  readonly span: Span;
}

/** The progress of the reads of one body. */
export interface ReadProgress {
  /** Bytes read from storage or a cache so far, gaps between parts included. */
  bytesRead: number;
  /** The reader in use, which allows a stalled read to be cancelled. */
  reader: ChunkReader | undefined;
}

/** Creates the progress of a body of which no byte is read. */
export function newReadProgress(): ReadProgress {
  return { bytesRead: 0, reader: undefined };
}

/** Reads the bytes to send of one or more storage reads, in order. */
export interface PartsReader {
  /**
   * Reads the next chunk.
   *
   * @returns `undefined` at the end
   * @throws StoreError if the body is shorter or longer than its span. The last bytes are returned after that check
   */
  next(): Promise<Uint8Array | undefined>;
  /** Closes the body and its storage connection. Never rejects. */
  end(): Promise<void>;
}

/**
 * Reads the parts of one storage read, each after its head, and skips the gaps between them.
 *
 * @param read opened by the first call of `next`
 * @param progress updated with each chunk
 */
export function partsReader(read: PlannedBodyRead, progress: ReadProgress, toReader: ToReader): PartsReader {
  const { span, parts } = read;
  let reader: ChunkReader | undefined;
  let position = span.start;
  let chunk: Uint8Array = NO_BYTES;
  let index = 0;
  let isHeadPending = true;
  let isEnded = false;

  async function open(): Promise<ChunkReader> {
    const opened = toReader(await read.open());
    progress.reader = opened;
    // `end` may have been called while the read was opened.
    if (isEnded) await opened.cancel().catch(() => undefined);
    return opened;
  }

  return {
    async next() {
      reader ??= await open();
      for (;;) {
        const part = parts[index];
        if (part === undefined) return undefined;
        if (isHeadPending) {
          isHeadPending = false;
          if (part.head.length > 0) return part.head;
        }
        if (position >= part.span.end) {
          index++;
          isHeadPending = true;
          continue;
        }
        if (chunk.length === 0) {
          chunk = await nextChunk(reader, span.end - position);
          progress.bytesRead += chunk.length;
        }
        const skipped = Math.min(chunk.length, Math.max(0, part.span.start - position));
        const bytes = chunk.subarray(skipped, part.span.end - position);
        position += skipped + bytes.length;
        chunk = chunk.subarray(skipped + bytes.length);
        if (position === span.end) await expectEnd(reader);
        if (bytes.length > 0) return bytes;
      }
    },
    async end() {
      isEnded = true;
      await reader?.cancel().catch(() => undefined);
    },
  };
}

const NO_BYTES = new Uint8Array(0);

/**
 * Like {@link partsReader}, for a `for await` loop. When the loop ends or throws, the storage connection is closed.
 *
 * @throws StoreError as {@link PartsReader} does
 */
export async function* readParts(
  read: PlannedBodyRead,
  progress: ReadProgress,
  toReader: ToReader,
): AsyncGenerator<Uint8Array, undefined> {
  const reader = partsReader(read, progress, toReader);
  try {
    for (;;) {
      const chunk = await reader.next();
      if (chunk === undefined) return undefined;
      yield chunk;
    }
  } finally {
    await reader.end();
  }
}
