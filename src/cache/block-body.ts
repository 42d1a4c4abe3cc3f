import type { Span } from '../http/index.ts';
import type { CallOptions } from '../store/object-store.ts';
import type { CacheAccount } from '../store/request-stats.ts';
import { isChanged, isGone } from '../store/store-error.ts';
import type { CachedParts } from './cached-slices.ts';
import type { Seat } from './fill.ts';
import type { Fills } from './fill-registry.ts';
import { holdsWholeBlock } from './grid.ts';
import { discard, type PinnedObject } from './resilient-cache.ts';

/** What a body is made of. */
export interface BodyPlan {
  readonly object: PinnedObject;
  /** The bytes of the body, at least one. */
  readonly span: Span;
  /** The same or more: what to read so that blocks worth keeping are whole. */
  readonly wide: Span;
  readonly blockSize: number;
  readonly fills: Fills;
  /** What the cache has of `span`. */
  readonly cached: CachedParts;
  readonly call: CallOptions;
  readonly account: CacheAccount;
  /** At the fill that the question for the object has started. */
  readonly seat: Seat | undefined;
}

/** The next bytes of a body: in memory, or as a stream of exactly the object's bytes from `start` up to `end`. */
export type Piece = Uint8Array | StreamPiece;

export interface StreamPiece {
  readonly stream: ReadableStream<Uint8Array>;
  readonly start: number;
  readonly end: number;
  /** Of the cache: where it breaks, the body can be read on from elsewhere. */
  readonly isCached: boolean;
}

/** A body of blocks, in pieces. */
export interface BlockBody {
  /**
   * The first piece, which `next` gives once more. By then the storage has also begun to answer for the first block that
   * the cache lacks, as far as the cache tells: so an answer that begins ends as it began.
   *
   * @throws StoreError
   */
  begin(): Promise<Piece>;
  /**
   * @returns the next piece; `undefined` at the end
   * @throws StoreError
   */
  next(): Promise<Piece | undefined>;
  /** Goes back to `at`, in the object, where a stream of the cache has broken, and takes its block from the storage. */
  restart(at: number): void;
  /** Gives back all that it holds. May be called while `next` waits, which then comes to the end. */
  leave(): void;
}

/** Blocks that the cache is asked about at once. */
const ASKED = 256;

/** Makes a body. Each block comes from the cache, else from the fill that brings it, else from a new fill. */
export function blockBody(plan: BodyPlan): BlockBody {
  const { object, span, wide, blockSize, fills, cached, call, account } = plan;
  const { size } = object.representation;
  /** Until the answer begins the new version is better than the old one under its name. */
  const current = { ...object, representation: { ...object.representation, version: undefined } };
  let at = span.start;
  /** Set when the answer has begun, and so has to be of this version. */
  let isBegun = false;
  let isLeft = false;
  let held: Piece | undefined;
  let { seat } = plan;
  /** At a fill of bytes that follow, while those before them come from the cache. */
  let reserved: Seat | undefined;
  /** The block of which the cache gave a stream that broke. */
  let distrusted = -1;
  /** The block that was counted last. */
  let counted = -1;
  /** Set when a fill has found the object replaced. The cache may have the rest, or the storage under its version's name. */
  let isAlone = false;

  const indexOf = (position: number) => Math.floor(position / blockSize);

  function leave(): undefined {
    isLeft = true;
    dropSeat();
    reserved?.leave();
    cached.close();
    if (held !== undefined && !(held instanceof Uint8Array)) discard(held.stream);
    held = undefined;
  }

  function dropSeat(): undefined {
    seat?.leave();
    seat = undefined;
  }

  /** Takes a seat where a fill brings the next bytes. */
  function findSeat(): boolean {
    if (reserved?.fill.reaches(at, Number.POSITIVE_INFINITY) === true) [seat, reserved] = [reserved, undefined];
    if (!isAlone) seat ??= fills.join(object, at);
    return seat !== undefined;
  }

  function count(isHit: boolean): void {
    if (indexOf(at) === counted) return;
    counted = indexOf(at);
    if (isHit) account.hits++;
    else account.misses++;
  }

  async function fromFill(): Promise<Piece | undefined> {
    if (seat === undefined) return undefined;
    if (at % blockSize === 0 && distrusted !== indexOf(at) && cached.isThere(at)) return dropSeat();
    try {
      const bytes = await seat.read(at);
      if (isLeft) return undefined;
      if (bytes === undefined) return fallBehind(seat);
      account.isStored = true;
      count(false);
      return bytes.subarray(0, span.end - at);
    } catch (error) {
      dropSeat();
      if (!isChanged(error) || !isBegun || isAlone) throw error;
      isAlone = true;
      return undefined;
    }
  }

  /** The blocks that a fill has read on are in the cache. It is held for those that come behind them. */
  function fallBehind(passed: Seat): undefined {
    seat = undefined;
    if (reserved === undefined && !passed.fill.isOver()) reserved = passed;
    else passed.leave();
  }

  async function fromCache(): Promise<Piece | undefined> {
    if (seat !== undefined || isLeft || distrusted === indexOf(at)) return undefined;
    // A fill that is under way has them sooner than a cache that has to be asked and may not have them.
    if (!cached.isThere(at) && cached.has(at) !== true && findSeat()) return undefined;
    const found = await cached.get(at);
    if (found === undefined) return undefined;
    const end = Math.min((indexOf(at) + 1) * blockSize, span.end);
    count(true);
    account.bytes += end - at;
    if (found instanceof Uint8Array) return found;
    return unlessLeft({ stream: found, start: at, end, isCached: true });
  }

  async function fromStorage(): Promise<Piece | undefined> {
    if (seat !== undefined || isLeft || findSeat()) return undefined;
    const due = { start: at, end: nextCached(at) };
    account.forward ??= account.hits > 0 || due.end < span.end ? 'partial' : 'miss';
    const pinned = isBegun ? object : current;
    seat = startFill(pinned, due);
    if (seat !== undefined) return undefined;
    count(false);
    return unlessLeft({ stream: await fills.open(pinned, due, call), ...due, isCached: false });
  }

  /** The client may have left while the stream was opened. */
  function unlessLeft(piece: StreamPiece): Piece | undefined {
    if (!isLeft) return piece;
    discard(piece.stream);
    return undefined;
  }

  /** A fill of these bytes; `undefined` where no block of them is to be kept, or there is no memory for one. */
  function startFill(pinned: PinnedObject, { start, end }: Span): Seat | undefined {
    const read = { start: start === span.start ? wide.start : start, end: end === span.end ? wide.end : end };
    if (!holdsWholeBlock(read, blockSize, size)) return undefined;
    const started = fills.start(pinned, read, call);
    if (started === undefined) account.forward = 'bypass';
    return started;
  }

  /** Where the first block behind that of `from` begins that the cache has, as far as it tells; else the body's end. */
  function nextCached(from: number): number {
    const first = indexOf(from) + 1;
    for (let index = first; index < first + ASKED && index * blockSize < span.end; index++) {
      if (cached.has(index * blockSize) === true) return index * blockSize;
    }
    return span.end;
  }

  /** Where the first bytes from `from` on are that the cache lacks, as far as it tells. */
  function nextMissing(from: number): number | undefined {
    if (from % blockSize !== 0) return from;
    for (let index = indexOf(from); index < indexOf(from) + ASKED && index * blockSize < span.end; index++) {
      if (cached.has(index * blockSize) === false) return index * blockSize;
    }
    return undefined;
  }

  /**
   * Opens the read of the first bytes from `from` on that are missing.
   *
   * @throws StoreError `changed` or `archived`; what else fails may work when its turn comes
   */
  async function reserve(from: number): Promise<void> {
    const missing = from < span.end ? nextMissing(from) : undefined;
    if (missing === undefined) return;
    account.forward ??= 'partial';
    reserved?.leave();
    reserved = fills.join(object, missing) ?? startFill(current, { start: missing, end: nextCached(missing) });
    try {
      await reserved?.fill.opened;
    } catch (error) {
      if (isGone(error)) throw error;
    }
  }

  async function find(): Promise<Piece | undefined> {
    for (;;) {
      if (isLeft || at === span.end) return leave();
      const piece = (await fromFill()) ?? (await fromCache()) ?? (await fromStorage());
      if (piece === undefined) continue;
      // It may be left between the answer of a source and this line: what is asked for then is not given back.
      if (!isLeft) cached.lookAhead(Math.ceil(endOf(piece, at) / blockSize) * blockSize);
      return piece;
    }
  }

  return {
    async begin() {
      held = await find();
      if (held === undefined) throw new RangeError('a body without bytes was begun');
      await reserve(seat === undefined ? endOf(held, at) : seat.fill.span.end);
      isBegun = true;
      return held;
    },
    async next() {
      const piece = held ?? (await find());
      held = undefined;
      if (piece === undefined) return undefined;
      at = endOf(piece, at);
      if (at === span.end && piece instanceof Uint8Array) leave();
      return piece;
    },
    restart(position) {
      at = position;
      distrusted = indexOf(position);
    },
    leave,
  };
}

function endOf(piece: Piece, at: number): number {
  return piece instanceof Uint8Array ? at + piece.length : piece.end;
}
