import { spanLength, type Span } from '../http/index.ts';
import { copyIfReusable, type ChunkReader, type ToReader, expectEnd, nextChunk } from '../store/chunk-stream.ts';
import { isLargePart } from './grid.ts';
import { isStoreError, storeError, type StoreError } from '../store/store-error.ts';

/** A fill: one read of the storage, pinned to one version, cut into blocks and shared by all clients that need its bytes. */
export interface Fill {
  /** The bytes that are read, half-open. All positions in this file are bytes of the object. */
  readonly span: Span;
  /** Resolves when the storage has sent its response head. Rejects with a StoreError if the read can't be opened. */
  readonly opened: Promise<void>;
  /** Whether the byte at `at` is in the block buffer, or at most `ahead` bytes after its end and still to be read. */
  reaches(at: number, ahead: number): boolean;
  /** Whether the read has ended: no more bytes will come. */
  isOver(): boolean;
  /** Adds a client. */
  join(): FillReader;
}

/** The reader of one client of a fill. */
export interface FillReader {
  readonly fill: Fill;
  /**
   * Returns the buffered bytes from `at` on; if there are none, reads more from the storage first.
   *
   * @returns at least one byte; `undefined` if the fill no longer has that byte (a faster client has read past it) or
   * ends before it
   * @throws StoreError the error of the storage read
   */
  read(at: number): Promise<Uint8Array | undefined>;
  /**
   * Removes the client; later calls have no effect. After the last client the read is closed, but a block of which a
   * quarter is there is read to its end first.
   */
  leave(): void;
}

/** The bytes and the callbacks of a fill. */
export interface FillPlan {
  readonly span: Span;
  readonly blockSize: number;
  /** Size of the object, in bytes. */
  readonly size: number;
  /** Opens the read: exactly the bytes of `span`. */
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
  /** Opens the body of the read. */
  readonly toReader: ToReader;
  /** Reserves so many bytes of the byte budget. @returns the release; `undefined` if the budget is used up */
  readonly reserveMemory: (bytes: number) => (() => void) | undefined;
  /** Stores a whole block in the cache, then releases its memory. */
  readonly keep: (index: number, block: Uint8Array, release: () => void) => void;
  /** Called once, when the read has ended. */
  readonly onEnd: () => void;
  /** Registers work that may continue after the last client has disconnected. */
  readonly defer: ((work: Promise<unknown>) => void) | undefined;
}

type State =
  /** The storage has not responded yet. */
  | { readonly type: 'idle' }
  | { readonly type: 'reading'; readonly reader: ChunkReader }
  /** Read to the end, or closed without clients. The bytes of the last block can still be read. */
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: StoreError };

/** The buffer of the block that is being read, or of the part of that block which the fill covers. */
interface BlockBuffer {
  readonly span: Span;
  /** The bytes that can be read now, half-open. */
  readonly start: number;
  end: number;
  /** These bytes, and space for more. Without reserved memory: only the last chunk. */
  bytes: Uint8Array;
  /** Releases the reserved memory; `undefined` if none is reserved, or if the block has been passed to the cache. */
  release?: (() => void) | undefined;
}

/** After a chunk of this size the storage most likely has more bytes ready, so the next chunk is read at once. */
const FULL_CHUNK = 64 * 1024;

/** Bytes that are gathered before they are passed to the clients: each slice has a fixed cost, whatever its length. */
const GATHER_BYTES = 384 * 1024;

/** Initial size of a block buffer. */
const FIRST_BUFFER_BYTES = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * Starts a fill and opens its read at once.
 *
 * The fill reads on when a client needs bytes that are not buffered, so the fastest client sets the pace. Slower clients
 * find the blocks that they missed in the cache. A block is cached when it is complete. If there is no memory for a
 * later block, its chunks are passed to the clients one by one and the block is not cached.
 *
 * @returns `undefined` if there is no memory for the first block
 */
export function startFill(plan: FillPlan): Fill | undefined {
  const { span, blockSize, size, toReader } = plan;
  let state: State = { type: 'idle' };
  let buffer = newBuffer(span.start);
  if (buffer.release === undefined) return undefined;
  /** Bytes received from the storage and not yet added to a block buffer. */
  let received: Uint8Array = NOTHING;
  let readerCount = 0;
  let pulling: Promise<void> | undefined;
  const opened = open();
  // Each client's read throws this error, so its rejection is marked as handled here.
  opened.catch(() => undefined);

  const hasNoReaders = () => readerCount === 0;
  const isOver = () => state.type === 'closed' || state.type === 'failed';

  async function open(): Promise<void> {
    try {
      const reader = toReader(await plan.open());
      if (isOver()) void reader.cancel().catch(() => undefined);
      else state = { type: 'reading', reader };
    } catch (cause) {
      throw fail(cause);
    }
  }

  function fail(cause: unknown): StoreError {
    const error = isStoreError(cause) ? cause : storeError('unavailable', 'a body broke off', cause);
    end({ type: 'failed', error });
    return error;
  }

  function end(finalState: State): void {
    if (isOver()) return;
    if (state.type === 'reading') void state.reader.cancel().catch(() => undefined);
    state = finalState;
    buffer.release?.();
    buffer.release = undefined;
    received = NOTHING;
    plan.onEnd();
  }

  /** Reads the next bytes, once for all clients that wait for them. */
  function pull(): Promise<void> {
    pulling ??= advance().finally(() => {
      pulling = undefined;
    });
    return pulling;
  }

  async function advance(): Promise<void> {
    try {
      await opened;
      if (state.type !== 'reading') return;
      const { reader } = state;
      if (buffer.end === buffer.span.end) {
        buffer.release?.();
        buffer = newBuffer(buffer.end);
      }
      // The first bytes of the fill are passed on without gathering, so that the client's first byte is not delayed.
      const enough = buffer.end === span.start ? buffer.end : buffer.end + GATHER_BYTES;
      for (let isFull = true; isFull && buffer.end <= enough && buffer.end < buffer.span.end;)
        isFull = await readChunk(reader);
    } catch (cause) {
      // The clients' reads throw the error, after they have returned the bytes before it.
      fail(cause);
    }
  }

  function newBuffer(start: number): BlockBuffer {
    const blockSpan = { start, end: Math.min((Math.floor(start / blockSize) + 1) * blockSize, span.end) };
    const release = plan.reserveMemory(blockSpan.end - start);
    return { span: blockSpan, start, end: start, bytes: NOTHING, release };
  }

  /** Appends a chunk to the block buffer. A large buffer grows with its bytes, because most cancelled reads end early. */
  function append(chunk: Uint8Array): void {
    const { start, end: at, bytes } = buffer;
    if (at + chunk.length - start > bytes.length) {
      const length = Math.max(at + chunk.length - start, FIRST_BUFFER_BYTES, bytes.length * 4);
      buffer.bytes = new Uint8Array(Math.min(length, spanLength(buffer.span)));
      buffer.bytes.set(bytes.subarray(0, at - start));
    }
    buffer.bytes.set(chunk, at - start);
  }

  /** @returns whether more bytes are most likely ready, and can be gathered with these */
  async function readChunk(reader: ChunkReader): Promise<boolean> {
    const at = buffer.end;
    if (received.length === 0) received = await nextChunk(reader, span.end - at);
    if (isOver()) return false;
    const chunk = received.subarray(0, buffer.span.end - at);
    const hasMemory = buffer.release !== undefined;
    if (hasMemory) append(chunk);
    else buffer = { span: buffer.span, start: at, end: at, bytes: copyIfReusable(chunk) };
    received = received.subarray(chunk.length);
    // Clients get the last chunk only after the storage has ended its body there, and not sent too many bytes.
    if (at + chunk.length === span.end) await expectEnd(reader);
    if (isOver()) return false;
    buffer.end += chunk.length;
    if (buffer.end === buffer.span.end) storeBlock();
    if (buffer.end === span.end) end({ type: 'closed' });
    return hasMemory && chunk.length >= FULL_CHUNK;
  }

  function isWholeBlock(): boolean {
    const { start, end: blockEnd } = buffer.span;
    return buffer.release !== undefined && start % blockSize === 0 && (blockEnd % blockSize === 0 || blockEnd === size);
  }

  function storeBlock(): void {
    if (buffer.release === undefined || !isWholeBlock()) return;
    plan.keep(buffer.start / blockSize, buffer.bytes, buffer.release);
    buffer.release = undefined;
  }

  /** Reads the current block to its end if a quarter of it is there, then closes the read, unless a client joins. */
  async function finishBlock(): Promise<void> {
    while (!isOver() && hasNoReaders()) {
      const part = { start: 0, end: buffer.end - buffer.start };
      if (!isWholeBlock() || !isLargePart(part, spanLength(buffer.span))) return end({ type: 'closed' });
      await pull();
    }
  }

  function join(): FillReader {
    readerCount++;
    /** The buffer that this client reads to its end, even if other clients have moved the fill to the next block. */
    let ownBuffer = buffer;
    let isJoined = true;
    return {
      fill,
      async read(at) {
        for (;;) {
          if (at < ownBuffer.start || at >= ownBuffer.end) ownBuffer = buffer;
          if (at >= ownBuffer.start && at < ownBuffer.end)
            return ownBuffer.bytes.subarray(at - ownBuffer.start, ownBuffer.end - ownBuffer.start);
          if (state.type === 'failed') throw state.error;
          if (at < buffer.end || at >= span.end || state.type === 'closed') return undefined;
          await pull();
        }
      },
      leave() {
        if (!isJoined) return;
        isJoined = false;
        readerCount--;
        if (readerCount > 0) return;
        const work = finishBlock();
        plan.defer?.(work);
      },
    };
  }

  const fill: Fill = {
    span,
    opened,
    isOver,
    reaches: (at, ahead) => !isOver() && at >= buffer.start && at < span.end && at - buffer.end <= ahead,
    join,
  };
  return fill;
}
