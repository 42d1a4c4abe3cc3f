import { spanLength, type Span } from '../http/index.ts';
import { copyIfReusable, type ChunkReader, type ToReader } from '../store/chunk-stream.ts';
import { expectEnd, nextChunk } from '../store/exact-body.ts';
import { isLargePart } from './grid.ts';
import { isStoreError, storeError, type StoreError } from '../store/store-error.ts';

/** One read of the storage: bytes of one version of an object, cut into blocks, for every client that needs them. */
export interface Fill {
  /** What it reads, half-open, in the object's bytes; so are all positions here. */
  readonly span: Span;
  /** Resolves when the storage has begun to answer; rejects with a StoreError where it can't. */
  readonly opened: Promise<void>;
  /** Whether the bytes from `at` on can be had: they are in the block under way, or come within `ahead` bytes. */
  reaches(at: number, ahead: number): boolean;
  /** Whether nothing more is read. */
  isOver(): boolean;
  /** One more client. */
  join(): FillReader;
}

/** A client's place at a fill. */
export interface FillReader {
  readonly fill: Fill;
  /**
   * The next bytes from `at` on, as many as are there; reads the storage on where none are.
   *
   * @returns `undefined` where they are not to be had here: a faster client has read on, or the fill ends before them
   * @throws StoreError what the read fails with
   */
  read(at: number): Promise<Uint8Array | undefined>;
  /** Gives the place up, once. Without clients the read is closed, behind the block under way where much of that is there. */
  leave(): void;
}

/** What is to be read, and what becomes of it. */
export interface FillPlan {
  readonly span: Span;
  readonly blockSize: number;
  /** Of the object, in bytes. */
  readonly size: number;
  /** Opens the read: exactly the bytes of `span`. */
  readonly open: () => Promise<ReadableStream<Uint8Array>>;
  readonly toReader: ToReader;
  /** Takes so many bytes of the memory for blocks. @returns gives them back; `undefined` where there are none */
  readonly reserveMemory: (bytes: number) => (() => void) | undefined;
  /** Keeps a whole block, and gives its memory back afterwards. */
  readonly keep: (index: number, block: Uint8Array, release: () => void) => void;
  /** Called once, when nothing more is read. */
  readonly onEnd: () => void;
  /** Takes the work that outlasts the clients. */
  readonly defer: ((work: Promise<unknown>) => void) | undefined;
}

type State =
  /** The storage has not begun to answer. */
  | { readonly type: 'idle' }
  | { readonly type: 'reading'; readonly reader: ChunkReader }
  /** Read to its end, or left by all. The last bytes can still be had. */
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: StoreError };

/** A block under way, or the part of it that is read. */
interface BlockBuffer {
  readonly span: Span;
  /** What can be had of it: half-open. */
  readonly start: number;
  end: number;
  /** These bytes, with room for more; where there is no memory for those, the chunk that came last. */
  bytes: Uint8Array;
  /** Gives its memory back; left out where it has none, or the block is kept. */
  release?: (() => void) | undefined;
}

/** A chunk of so many bytes is followed by more at once: the storage is faster than its chunks are taken. */
const FULL_CHUNK = 64 * 1024;

/** Bytes that are gathered before clients are given them: each piece costs the same, whatever its length. */
const GATHER_BYTES = 384 * 1024;

/** Bytes that a page begins with. */
const FIRST_BUFFER_BYTES = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * Makes a fill, which opens its read at once; `undefined` where there is no memory for its first block.
 *
 * It reads on when a client needs bytes that are not there, so the fastest client sets the pace; slower ones find the
 * blocks that they miss in the cache. A block is kept when all its bytes are read. Where there is no memory for a later
 * one it is passed on, chunk by chunk, and not kept.
 */
export function startFill(plan: FillPlan): Fill | undefined {
  const { span, blockSize, size, toReader } = plan;
  let state: State = { type: 'idle' };
  let buffer = newBuffer(span.start);
  if (buffer.release === undefined) return undefined;
  /** What the storage has sent and no page has taken. */
  let rest: Uint8Array = NOTHING;
  let readers = 0;
  let pulling: Promise<void> | undefined;
  const opened = open();
  // Told to each client that reads.
  opened.catch(() => undefined);

  const hasNoReaders = () => readers === 0;
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

  function end(how: State): void {
    if (isOver()) return;
    if (state.type === 'reading') void state.reader.cancel().catch(() => undefined);
    state = how;
    buffer.release?.();
    buffer.release = undefined;
    rest = NOTHING;
    plan.onEnd();
  }

  /** Reads the next bytes, for all clients that wait for them. */
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
      // The first bytes go to the client as they come.
      const enough = buffer.end === span.start ? buffer.end : buffer.end + GATHER_BYTES;
      for (let isFull = true; isFull && buffer.end <= enough && buffer.end < buffer.span.end;)
        isFull = await take(reader);
    } catch (cause) {
      // Thrown by the clients' reads, once the bytes that came before it are taken.
      fail(cause);
    }
  }

  function newBuffer(start: number): BlockBuffer {
    const due = { start, end: Math.min((Math.floor(start / blockSize) + 1) * blockSize, span.end) };
    const release = plan.reserveMemory(due.end - start);
    return { span: due, start, end: start, bytes: NOTHING, release };
  }

  /** Puts a chunk at the end of the page. A large one grows with its bytes: most clients that leave do so early. */
  function append(chunk: Uint8Array): void {
    const { start, end: at, bytes } = buffer;
    if (at + chunk.length - start > bytes.length) {
      const length = Math.max(at + chunk.length - start, FIRST_BUFFER_BYTES, bytes.length * 4);
      buffer.bytes = new Uint8Array(Math.min(length, spanLength(buffer.span)));
      buffer.bytes.set(bytes.subarray(0, at - start));
    }
    buffer.bytes.set(chunk, at - start);
  }

  /** @returns whether more is there in all likelihood, and can be taken with it */
  async function take(reader: ChunkReader): Promise<boolean> {
    const at = buffer.end;
    if (rest.length === 0) rest = await nextChunk(reader, span.end - at);
    if (isOver()) return false;
    const chunk = rest.subarray(0, buffer.span.end - at);
    const hasMemory = buffer.release !== undefined;
    if (hasMemory) append(chunk);
    else buffer = { span: buffer.span, start: at, end: at, bytes: copyIfReusable(chunk) };
    rest = rest.subarray(chunk.length);
    // The last bytes are held back until the storage is seen to end there.
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

  /** Reads the block under way to its end where much of it is there, and closes the read, unless a client joins. */
  async function finish(): Promise<void> {
    while (!isOver() && hasNoReaders()) {
      const part = { start: 0, end: buffer.end - buffer.start };
      if (!isWholeBlock() || !isLargePart(part, spanLength(buffer.span))) return end({ type: 'closed' });
      await pull();
    }
  }

  function join(): FillReader {
    readers++;
    /** What the client takes, up to its end, also after others have read on. */
    let own = buffer;
    let isTaken = true;
    return {
      fill,
      async read(at) {
        for (;;) {
          if (at < own.start || at >= own.end) own = buffer;
          if (at >= own.start && at < own.end) return own.bytes.subarray(at - own.start, own.end - own.start);
          if (state.type === 'failed') throw state.error;
          if (at < buffer.end || at >= span.end || state.type === 'closed') return undefined;
          await pull();
        }
      },
      leave() {
        if (!isTaken) return;
        isTaken = false;
        readers--;
        if (readers > 0) return;
        const work = finish();
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
