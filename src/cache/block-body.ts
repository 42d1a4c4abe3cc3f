import type { Span } from '../http/index.ts';
import type { CallOptions } from '../store/object-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { isVersionChanged, isGone } from '../store/store-error.ts';
import type { CachedSlices } from './cached-slices.ts';
import type { FillReader } from './fill.ts';
import type { FillRegistry } from './fill-registry.ts';
import { holdsWholeBlock } from './grid.ts';
import { discard, type ObjectVersion } from './resilient-cache.ts';

/** What a body is made of. */
export interface BlockBodySource {
  readonly object: ObjectVersion;
  /** The bytes of the body, at least one. */
  readonly span: Span;
  /** The same or more: what to read so that blocks worth keeping are whole. */
  readonly wide: Span;
  readonly blockSize: number;
  readonly fills: FillRegistry;
  /** What the cache has of `span`. */
  readonly cached: CachedSlices;
  readonly call: CallOptions;
  readonly cacheStats: CacheStats;
  /** At the fill that the question for the object has started. */
  readonly fillReader: FillReader | undefined;
}

/** The next bytes of a body: in memory, or as a stream of exactly the object's bytes from `start` up to `end`. */
export type BlockSlice = Uint8Array | StreamSlice;

export interface StreamSlice {
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
  begin(): Promise<BlockSlice>;
  /**
   * @returns the next piece; `undefined` at the end
   * @throws StoreError
   */
  next(): Promise<BlockSlice | undefined>;
  /** Goes back to `at`, in the object, where a stream of the cache has broken, and takes its block from the storage. */
  restart(at: number): void;
  /** Gives back all that it holds. May be called while `next` waits, which then comes to the end. */
  leave(): void;
}

/** Blocks that the cache is asked about at once. */
const ASKED = 256;

/** Makes a body. Each block comes from the cache, else from the fill that brings it, else from a new fill. */
export function blockBody(plan: BlockBodySource): BlockBody {
  const { object, span, wide, blockSize, fills, cached, call, cacheStats } = plan;
  const { size } = object.representation;
  /** Until the answer begins the new version is better than the old one under its name. */
  const current = { ...object, representation: { ...object.representation, version: undefined } };
  let at = span.start;
  /** Set when the answer has begun, and so has to be of this version. */
  let hasBegun = false;
  let isAbandoned = false;
  let held: BlockSlice | undefined;
  let { fillReader } = plan;
  /** At a fill of bytes that follow, while those before them come from the cache. */
  let reservedReader: FillReader | undefined;
  /** The block of which the cache gave a stream that broke. */
  let brokenBlock = -1;
  /** The block that was counted last. */
  let countedBlock = -1;
  /** Set when a fill has found the object replaced. The cache may have the rest, or the storage under its version's name. */
  let isDetached = false;

  const indexOf = (position: number) => Math.floor(position / blockSize);

  function leave(): undefined {
    isAbandoned = true;
    dropReader();
    reservedReader?.leave();
    cached.close();
    if (held !== undefined && !(held instanceof Uint8Array)) discard(held.stream);
    held = undefined;
  }

  function dropReader(): undefined {
    fillReader?.leave();
    fillReader = undefined;
  }

  /** Takes a seat where a fill brings the next bytes. */
  function findReader(): boolean {
    if (reservedReader?.fill.reaches(at, Number.POSITIVE_INFINITY) === true)
      [fillReader, reservedReader] = [reservedReader, undefined];
    if (!isDetached) fillReader ??= fills.join(object, at);
    return fillReader !== undefined;
  }

  function count(isHit: boolean): void {
    if (indexOf(at) === countedBlock) return;
    countedBlock = indexOf(at);
    if (isHit) cacheStats.hits++;
    else cacheStats.misses++;
  }

  async function fromFill(): Promise<BlockSlice | undefined> {
    if (fillReader === undefined) return undefined;
    if (at % blockSize === 0 && brokenBlock !== indexOf(at) && cached.isReady(at)) return dropReader();
    try {
      const bytes = await fillReader.read(at);
      if (isAbandoned) return undefined;
      if (bytes === undefined) return fallBehind(fillReader);
      cacheStats.isStored = true;
      count(false);
      return bytes.subarray(0, span.end - at);
    } catch (error) {
      dropReader();
      if (!isVersionChanged(error) || !hasBegun || isDetached) throw error;
      isDetached = true;
      return undefined;
    }
  }

  /** The blocks that a fill has read on are in the cache. It is held for those that come behind them. */
  function fallBehind(passed: FillReader): undefined {
    fillReader = undefined;
    if (reservedReader === undefined && !passed.fill.isOver()) reservedReader = passed;
    else passed.leave();
  }

  async function fromCache(): Promise<BlockSlice | undefined> {
    if (fillReader !== undefined || isAbandoned || brokenBlock === indexOf(at)) return undefined;
    // A fill that is under way has them sooner than a cache that has to be asked and may not have them.
    if (!cached.isReady(at) && cached.has(at) !== true && findReader()) return undefined;
    const found = await cached.get(at);
    if (found === undefined) return undefined;
    const end = Math.min((indexOf(at) + 1) * blockSize, span.end);
    count(true);
    cacheStats.bytes += end - at;
    if (found instanceof Uint8Array) return found;
    return unlessAbandoned({ stream: found, start: at, end, isCached: true });
  }

  async function fromStorage(): Promise<BlockSlice | undefined> {
    if (fillReader !== undefined || isAbandoned || findReader()) return undefined;
    const due = { start: at, end: nextCached(at) };
    cacheStats.forward ??= cacheStats.hits > 0 || due.end < span.end ? 'partial' : 'miss';
    const pinned = hasBegun ? object : current;
    fillReader = startFill(pinned, due);
    if (fillReader !== undefined) return undefined;
    count(false);
    return unlessAbandoned({ stream: await fills.open(pinned, due, call), ...due, isCached: false });
  }

  /** The client may have left while the stream was opened. */
  function unlessAbandoned(slice: StreamSlice): BlockSlice | undefined {
    if (!isAbandoned) return slice;
    discard(slice.stream);
    return undefined;
  }

  /** A fill of these bytes; `undefined` where no block of them is to be kept, or there is no memory for one. */
  function startFill(pinned: ObjectVersion, { start, end }: Span): FillReader | undefined {
    const read = { start: start === span.start ? wide.start : start, end: end === span.end ? wide.end : end };
    if (!holdsWholeBlock(read, blockSize, size)) return undefined;
    const started = fills.start(pinned, read, call);
    if (started === undefined) cacheStats.forward = 'bypass';
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
    cacheStats.forward ??= 'partial';
    reservedReader?.leave();
    reservedReader = fills.join(object, missing) ?? startFill(current, { start: missing, end: nextCached(missing) });
    try {
      await reservedReader?.fill.opened;
    } catch (error) {
      if (isGone(error)) throw error;
    }
  }

  async function find(): Promise<BlockSlice | undefined> {
    for (;;) {
      if (isAbandoned || at === span.end) return leave();
      const slice = (await fromFill()) ?? (await fromCache()) ?? (await fromStorage());
      if (slice === undefined) continue;
      // It may be left between the answer of a source and this line: what is asked for then is not given back.
      if (!isAbandoned) cached.prefetch(Math.ceil(endOf(slice, at) / blockSize) * blockSize);
      return slice;
    }
  }

  return {
    async begin() {
      held = await find();
      if (held === undefined) throw new RangeError('a body without bytes was begun');
      await reserve(fillReader === undefined ? endOf(held, at) : fillReader.fill.span.end);
      hasBegun = true;
      return held;
    },
    async next() {
      const slice = held ?? (await find());
      held = undefined;
      if (slice === undefined) return undefined;
      at = endOf(slice, at);
      if (at === span.end && slice instanceof Uint8Array) leave();
      return slice;
    },
    restart(position) {
      at = position;
      brokenBlock = indexOf(position);
    },
    leave,
  };
}

function endOf(slice: BlockSlice, at: number): number {
  return slice instanceof Uint8Array ? at + slice.length : slice.end;
}
