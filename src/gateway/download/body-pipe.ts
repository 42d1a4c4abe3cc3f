import { steadyTime } from '../../base/clock.ts';
import type { BlockCacheOptions } from '../../cache/with-block-cache.ts';
import { chunkStream, defaultReader, type ToReader, type ChunkReader } from '../../store/chunk-stream.ts';
import { storeError } from '../../store/store-error.ts';
import type { Span } from '../../http/index.ts';
import { expectEnd, nextChunk } from '../../store/exact-body.ts';

/** How a body ended: whole; broken off because the client left; broken off because the storage failed. */
export type TransferOutcome =
  /** Counts are null where the platform's pipes, or an app's own answer, do not tell. */
  | { readonly outcome: 'complete'; readonly bytesSent: number | null; readonly bytesRead: number }
  | { readonly outcome: 'aborted'; readonly bytesSent: number | null; readonly bytesRead: number | null }
  | {
      readonly outcome: 'failed';
      readonly bytesSent: number | null;
      readonly bytesRead: number | null;
      readonly cause: unknown;
    };

/** A body on its way. */
export interface PipedBody {
  readonly body: ReadableStream<Uint8Array>;
  /** How it ended. Never rejects. */
  readonly done: Promise<TransferOutcome>;
  /** Ends a body that is not sent, and gives back what it holds. Does nothing at its end. Never throws. */
  readonly abandon: () => void;
}

/** How a platform moves bytes from a storage to a client, with back-pressure. */
export interface BodyPipe {
  /** Puts a body on its way. */
  pipe(plan: BodyPlan): PipedBody;
  /** Reads a body into JavaScript, in the way that is cheapest here. */
  readonly toReader: ToReader;
  /** Whether a body that needs nothing else stays out of JavaScript. */
  readonly isNative: boolean;
  /** Connections that `parallelReads` may have here at the most. By default there is no limit but the setting's own. */
  readonly maxParallelReads?: number;
  /** How blocks of this size, by default of the platform's choice, are cached here. By default as `withBlockCache` does. */
  readonly toBlocks?: (size: number | undefined) => Partial<BlockCacheOptions>;
}

/** Moves chunks in JavaScript: for every platform whose web streams are not native, such as Node. */
export const portableBodyPipe: BodyPipe = {
  pipe,
  toReader: defaultReader,
  isNative: false,
};

function pipe(plan: BodyPlan): PipedBody {
  const { signal, idleTimeout, reads } = plan;
  const { promise: done, resolve } = Promise.withResolvers<TransferOutcome>();
  const progress = newReadProgress();
  const chunks = plannedChunks(plan, progress);
  let bytesSent = 0;
  let isStarted = false;
  let isOver = false;
  const counts = () => ({ bytesSent, bytesRead: progress.bytesRead });

  function settle(transfer: TransferOutcome): void {
    isOver = true;
    idle.end();
    resolve(transfer);
  }

  async function giveBack(): Promise<void> {
    if (isOver) return;
    settle({ outcome: 'aborted', ...counts() });
    // What has not begun has nothing to give back, but its first body is open already.
    if (!isStarted) await (await reads[0]?.open())?.cancel();
    await chunks.end();
  }

  const abandon = () => void giveBack().catch(() => undefined);
  const idle = idleTimer(idleTimeout, abandon);

  const body = chunkStream({
    async read() {
      if (isOver) throw storeError('aborted', 'the body was left unread, or its client left');
      isStarted = true;
      idle.stop();
      try {
        const chunk = await chunks.next();
        if (chunk === undefined) settle({ outcome: 'complete', ...counts() });
        else {
          bytesSent += chunk.length;
          if (!isOver) idle.start();
        }
        return chunk;
      } catch (cause) {
        await chunks.end();
        const outcome = signal.aborted ? 'aborted' : 'failed';
        if (!isOver) settle({ outcome, ...counts(), cause });
        throw cause;
      }
    },
    cancel: giveBack,
  });
  idle.start();
  // The client may have left before there was a body. One that leaves later is noticed by the body's reader.
  if (signal.aborted) abandon();
  return { body, done, abandon };
}

interface IdleTimer {
  start(): void;
  stop(): void;
  /** Called once, when it is needed no more. */
  end(): void;
}

/** Calls back when it was started `ms` ago and not stopped since. One timer for all of a body's chunks. */
function idleTimer(ms: number | undefined, onIdle: () => void): IdleTimer {
  if (ms === undefined) return { start: () => undefined, stop: () => undefined, end: () => undefined };
  let since: number | undefined;
  const look = () => {
    const left = since === undefined ? ms : ms - (steadyTime() - since);
    if (left <= 0) onIdle();
    else timer = setTimeout(look, left);
  };
  let timer = setTimeout(look, ms);
  return {
    start() {
      since = steadyTime();
    },
    stop() {
      since = undefined;
    },
    end: () => clearTimeout(timer),
  };
}

/** All bytes of a consignment, one read after the other. */
function plannedChunks({ reads, tail, close }: BodyPlan, progress: ReadProgress): PartsReader {
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

/** A body about to be sent: reads of the storage, in order, and the text around their parts. */
export interface BodyPlan {
  /** Exact length in bytes of everything together. */
  readonly length: number;
  readonly reads: readonly PlannedBodyRead[];
  /** Goes out after the last part; empty but for multipart. */
  readonly tail: Uint8Array;
  /** Fires when the client leaves, where the platform tells. */
  readonly signal: AbortSignal;
  /** How long the body may be left unread, in ms, before it is ended as aborted. Left out where the platform sees to it. */
  readonly idleTimeout?: number | undefined;
  /** Gives back what was opened ahead. Called however the body ends. */
  readonly close: () => void;
}

/** One read of the storage. */
export interface PlannedBodyRead {
  /** Opens the read, or hands over a body that is open already. Called once. Throws a StoreError. */
  open(): Promise<ReadableStream<Uint8Array>>;
  /** What the opened body yields. */
  readonly span: Span;
  /** In ascending order, inside `span`. */
  readonly parts: readonly BodyPart[];
}

/** Bytes to pass on, and the text that goes out before them; empty but for multipart. */
export interface BodyPart {
  readonly head: Uint8Array;
  readonly span: Span;
}

/** Carries one answer's reads: counts their bytes, and says which is under way, so that one that hangs can be stopped. */
export interface ReadProgress {
  bytesRead: number;
  /** The read that is under way. */
  reader: ChunkReader | undefined;
}

/** Makes a courier that has carried nothing yet. */
export function newReadProgress(): ReadProgress {
  return { bytesRead: 0, reader: undefined };
}

/** The bytes of one read that go out, in order. */
export interface PartsReader {
  /**
   * @returns `undefined` at the end
   * @throws StoreError where the body has fewer bytes than it should or more, before its last bytes are given
   */
  next(): Promise<Uint8Array | undefined>;
  /** Gives the storage's connection back, however far it got. Never rejects. */
  end(): Promise<void>;
}

/** Opens a read when it is asked for the first bytes, and gives its parts, each after its head, without those between. */
export function partsReader(read: PlannedBodyRead, progress: ReadProgress, toReader: ToReader): PartsReader {
  const { span, parts } = read;
  let reader: ChunkReader | undefined;
  let at = span.start;
  let chunk: Uint8Array = NO_BYTES;
  let index = 0;
  let isHeadDue = true;
  let isEnded = false;

  async function begin(): Promise<ChunkReader> {
    const opened = toReader(await read.open());
    progress.reader = opened;
    // Nobody was there to be told while it was opened.
    if (isEnded) await opened.cancel().catch(() => undefined);
    return opened;
  }

  return {
    async next() {
      reader ??= await begin();
      for (;;) {
        const part = parts[index];
        if (part === undefined) return undefined;
        if (isHeadDue) {
          isHeadDue = false;
          if (part.head.length > 0) return part.head;
        }
        if (at >= part.span.end) {
          index++;
          isHeadDue = true;
          continue;
        }
        if (chunk.length === 0) {
          chunk = await nextChunk(reader, span.end - at);
          progress.bytesRead += chunk.length;
        }
        const skipped = Math.min(chunk.length, Math.max(0, part.span.start - at));
        const taken = chunk.subarray(skipped, part.span.end - at);
        at += skipped + taken.length;
        chunk = chunk.subarray(skipped + taken.length);
        if (at === span.end) await expectEnd(reader);
        if (taken.length > 0) return taken;
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
 * The same for a loop. The storage's connection is given back however it ends.
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
