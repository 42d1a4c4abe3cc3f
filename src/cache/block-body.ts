import type { Span } from '../http/index.ts';
import type { CacheAccount, CallOptions } from '../store/object-store.ts';
import { isGone, isStoreError } from '../store/store-error.ts';
import type { CachedParts } from './cached-parts.ts';
import type { Seat } from './fill.ts';
import type { Fills, PinnedObject } from './fills.ts';
import { holdsWholeBlock } from './grid.ts';
import { discard } from './guarded-cache.ts';

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
  /** A seat at the fill that the question for the object has started. */
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
   * The first piece, which stays the body's own. By then the storage has also begun to answer for the first block that
   * the cache lacks, as far as the cache tells, so that an answer which begins ends as it began.
   *
   * @throws StoreError
   */
  begin(): Promise<Piece>;
  /**
   * The next piece.
   *
   * @returns `undefined` at the end
   * @throws StoreError
   */
  next(): Promise<Piece | undefined>;
  /** Goes back to `at`, in the object, where a stream of the cache has broken, and takes its block from the storage. */
  restart(at: number): void;
  /** Gives back all that it holds. May be called while `next` waits, which then comes to the end. */
  leave(): void;
}

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
  /** At a fill of blocks that follow, while those before them come from the cache. */
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

  /** The blocks that a fill has read on are in the cache. It is held for those that come behind them. */
  function fallBehind(passed: Seat): undefined {
    seat = undefined;
    if (reserved === undefined && !passed.fill.isOver()) reserved = passed;
    else passed.leave();
  }

  function count(position: number, isHit: boolean): void {
    const index = indexOf(position);
    if (index === counted) return;
    counted = index;
    if (isHit) account.hits++;
    else account.misses++;
  }

  async function fromFill(): Promise<Piece | undefined> {
    if (seat === undefined) return undefined;
    const isBlockStart = at % blockSize === 0;
    if (isBlockStart && distrusted !== indexOf(at) && cached.isThere(at)) return dropSeat();
    try {
      const bytes = await seat.read(at);
      if (isLeft) return undefined;
      if (bytes === undefined) return fallBehind(seat);
      account.isStored = true;
      count(at, false);
      return bytes.subarray(0, span.end - at);
    } catch (error) {
      dropSeat();
      if (!isChanged(error) || !isBegun || isAlone) throw error;
      isAlone = true;
      return undefined;
    }
  }

  async function fromCache(): Promise<Piece | undefined> {
    if (seat !== undefined || isLeft || distrusted === indexOf(at)) return undefined;
    // A fill that is under way has them sooner than a cache that has to be asked and may not have them.
    if (!cached.isThere(at) && !cached.isKept(at) && findSeat()) return undefined;
    const found = await cached.get(at);
    if (found === undefined) return undefined;
    const end = Math.min((indexOf(at) + 1) * blockSize, span.end);
    count(at, true);
    account.bytes += end - at;
    if (found instanceof Uint8Array) return found;
    const piece = { stream: found, start: at, end, isCached: true };
    if (!isLeft) return piece;
    discard(found);
    return undefined;
  }

  async function fromStorage(): Promise<Piece | undefined> {
    if (seat !== undefined || isLeft || findSeat()) return undefined;
    const due = { start: at, end: cached.nextCached(at) };
    account.forward ??= account.hits > 0 || due.end < span.end ? 'partial' : 'miss';
    const pinned = isBegun ? object : current;
    seat = startFill(pinned, due);
    if (seat !== undefined) return undefined;
    count(at, false);
    const stream = await fills.open(pinned, due, call);
    if (!isLeft) return { stream, ...due, isCached: false };
    discard(stream);
    return undefined;
  }

  /** A fill of these bytes; `undefined` where no block of them is to be kept, or there is no memory for one. */
  function startFill(pinned: PinnedObject, due: Span): Seat | undefined {
    const read = {
      start: due.start === span.start ? wide.start : due.start,
      end: due.end === span.end ? wide.end : due.end,
    };
    if (!holdsWholeBlock(read, blockSize, size)) return undefined;
    if (fills.hasMemory(Math.min(blockSize, size))) return fills.start(pinned, read, call);
    account.forward = 'bypass';
    return undefined;
  }

  /**
   * Opens the read of the first bytes from `from` on that are missing.
   *
   * @throws StoreError `changed` or `archived`; whatever else fails may work when its turn comes
   */
  async function reserve(from: number): Promise<void> {
    const missing = from < span.end ? cached.nextMissing(from) : undefined;
    if (missing === undefined) return;
    account.forward ??= 'partial';
    reserved = fills.join(object, missing) ?? startFill(current, { start: missing, end: cached.nextCached(missing) });
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

  async function next(): Promise<Piece | undefined> {
    const piece = held ?? (await find());
    held = undefined;
    if (piece === undefined) return undefined;
    at = endOf(piece, at);
    if (at === span.end && piece instanceof Uint8Array) leave();
    return piece;
  }

  return {
    async begin() {
      const piece = await find();
      if (piece === undefined) throw new RangeError('a body without bytes was begun');
      held = piece;
      const end = seat === undefined ? endOf(piece, at) : seat.fill.span.end;
      await reserve(end);
      isBegun = true;
      return piece;
    },
    next,
    restart(position) {
      at = position;
      distrusted = indexOf(position);
    },
    leave,
  };
}

function isChanged(error: unknown): boolean {
  return isStoreError(error) && error.code === 'changed';
}

function endOf(piece: Piece, at: number): number {
  return piece instanceof Uint8Array ? at + piece.length : piece.end;
}
