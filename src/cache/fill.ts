import type { Span } from '../http/index.ts';
import { kept, type ChunkReader, type ToReader } from '../store/chunk-stream.ts';
import { expectEnd, nextChunk } from '../store/exact-body.ts';
import { isStoreError, storeError, type StoreError } from '../store/store-error.ts';

/** One read of the storage: bytes of one version of an object, cut into blocks, for every client that needs them. */
export interface Fill {
  /** The bytes that it reads, half-open. */
  readonly span: Span;
  /** Resolves when the storage has begun to answer; rejects with a StoreError where it can't. */
  readonly opened: Promise<void>;
  /** Whether the bytes from `at` on can be had: they are in the block under way, or come within `ahead` bytes. */
  reaches(at: number, ahead: number): boolean;
  /** Whether nothing more is read. */
  isOver(): boolean;
  /** One more client. */
  join(): Seat;
}

/** A client's place at a fill. */
export interface Seat {
  readonly fill: Fill;
  /**
   * The next bytes from `at` on, as many as are there; reads the storage on where none are.
   *
   * @returns `undefined` where they are not to be had here: a faster client has read on, or the fill ends before them
   * @throws StoreError what the read fails with
   */
  read(at: number): Promise<Uint8Array | undefined>;
  /** Gives the place up, once. Without clients the block under way is read to its end, and then the read is closed. */
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
  readonly takeMemory: (bytes: number) => (() => void) | undefined;
  /** Keeps a whole block, and gives its memory back afterwards. */
  readonly keep: (index: number, block: Uint8Array, giveBack: () => void) => void;
  /** Called once, when nothing more is read. */
  readonly onOver: () => void;
  /** Takes the work that outlasts the clients. */
  readonly defer: ((work: Promise<unknown>) => void) | undefined;
}

type State =
  | { readonly type: 'idle' }
  | { readonly type: 'reading'; readonly reader: ChunkReader }
  /** Read to its end, or left by all. The bytes of the last block can still be had. */
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: StoreError };

/** A block under way, or the part of it that is read. */
interface Page {
  /** In the object, in bytes, half-open. */
  readonly span: Span;
  /** Its first bytes; where there is no memory for it, the chunk that came last. */
  readonly bytes: Uint8Array;
  /** What can be had of it, in the object: half-open, and the first of `bytes` are these. */
  readonly start: number;
  end: number;
  /** Gives its memory back; left out where it has none, or the cache has the block. */
  giveBack?: (() => void) | undefined;
}

/** A chunk of so many bytes is followed by more at once: the storage is faster than its chunks are taken. */
const FULL = 64 * 1024;

/** Bytes that are gathered before clients are given them: each piece costs the same, whatever its length. */
const GATHERED = 384 * 1024;

/**
 * Makes a fill, which opens its read at once. It reads on when a client needs bytes that are not there, so the fastest
 * client sets the pace; slower ones find the blocks that they miss in the cache. A block is kept where all its bytes
 * are read. Where there is no memory for one it is passed on, chunk by chunk, and not kept.
 */
export function startFill(plan: FillPlan): Fill {
  const { span, blockSize, size, toReader } = plan;
  let state: State = { type: 'idle' };
  let page: Page = { span: { start: span.start, end: span.start }, start: span.start, end: span.start, bytes: NOTHING };
  /** What the storage has sent and no page has taken. */
  let rest: Uint8Array = NOTHING;
  let seats = 0;
  let pulling: Promise<void> | undefined;
  const opened = open();
  // Told to each client that reads.
  opened.catch(() => undefined);

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

  /** Comes to an end, once. */
  function end(how: Extract<State, { readonly type: 'closed' | 'failed' }>): void {
    if (isOver()) return;
    if (state.type === 'reading') void state.reader.cancel().catch(() => undefined);
    state = how;
    page.giveBack?.();
    page.giveBack = undefined;
    rest = NOTHING;
    plan.onOver();
  }

  /** Reads the next chunk, for all who wait for it. */
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
      if (page.end === page.span.end) page = newPage();
      // The first bytes go to the client as they come.
      const most = page.end === span.start ? 0 : GATHERED;
      const { reader } = state;
      const from = page.end;
      for (let taken = FULL; taken >= FULL && page.end <= from + most;) {
        taken = await take(reader);
        if (page.giveBack === undefined || page.end === page.span.end) return;
      }
    } catch (cause) {
      // Thrown by the clients' reads, once the bytes that came before it are taken.
      fail(cause);
    }
  }

  function newPage(): Page {
    page.giveBack?.();
    const at = page.end;
    const blockEnd = (Math.floor(at / blockSize) + 1) * blockSize;
    const due = { start: at, end: Math.min(blockEnd, span.end) };
    const giveBack = plan.takeMemory(due.end - due.start);
    const bytes = giveBack === undefined ? NOTHING : new Uint8Array(due.end - due.start);
    return { span: due, start: at, end: at, bytes, giveBack };
  }

  /** @returns how many bytes came */
  async function take(reader: ChunkReader): Promise<number> {
    const at = page.end;
    if (rest.length === 0) rest = await nextChunk(reader, span.end - at);
    if (isOver()) return 0;
    const chunk = rest.subarray(0, page.span.end - at);
    const reached = at + chunk.length;
    if (page.giveBack === undefined) page = { span: page.span, start: at, end: at, bytes: kept(chunk) };
    else page.bytes.set(chunk, at - page.start);
    rest = rest.subarray(chunk.length);
    // The last bytes are held back until the storage is seen to end there.
    if (reached === span.end) await expectEnd(reader);
    if (isOver()) return 0;
    page.end = reached;
    if (reached === page.span.end && isWholeBlock(page.span)) keepPage();
    if (reached === span.end) end({ type: 'closed' });
    return chunk.length;
  }

  function isWholeBlock({ start, end: blockEnd }: Span): boolean {
    return start % blockSize === 0 && (blockEnd % blockSize === 0 || blockEnd === size);
  }

  function keepPage(): void {
    if (page.giveBack === undefined) return;
    plan.keep(Math.floor(page.start / blockSize), page.bytes, page.giveBack);
    page.giveBack = undefined;
  }

  const isWorthFinishing = () => page.giveBack !== undefined && page.end > page.start && isWholeBlock(page.span);

  /** Reads the block under way to its end where it is kept, and closes the read; a client that joins takes over. */
  async function finish(): Promise<void> {
    if (seats > 0 || isOver()) return;
    if (!isWorthFinishing()) return end({ type: 'closed' });
    await pull();
    return finish();
  }

  function join(): Seat {
    seats++;
    /** Kept for a client that is slower than others, up to its end. */
    let own = page;
    let isTaken = true;
    return {
      fill,
      async read(at) {
        for (;;) {
          const bytes = bytesFrom(own, at);
          if (bytes !== undefined) return bytes;
          own = page;
          if (at >= page.start && at < page.end) continue;
          if (state.type === 'failed') throw state.error;
          if (at < page.end || at >= span.end || state.type === 'closed') return undefined;
          await pull();
        }
      },
      leave() {
        if (!isTaken) return;
        isTaken = false;
        seats--;
        if (seats > 0) return;
        const work = finish();
        plan.defer?.(work);
      },
    };
  }

  const fill: Fill = {
    span,
    opened,
    isOver,
    reaches: (at, ahead) => !isOver() && at >= page.start && at < span.end && at - page.end <= ahead,
    join,
  };
  return fill;
}

function bytesFrom({ start, end, bytes }: Page, at: number): Uint8Array | undefined {
  return at >= start && at < end ? bytes.subarray(at - start, end - start) : undefined;
}

const NOTHING = new Uint8Array(0);
