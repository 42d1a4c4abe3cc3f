import type { Span } from '../http/index.ts';
import type { CallOptions } from '../store/object-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { isVersionChanged, isVersionUnavailable } from '../store/store-error.ts';
import type { CachedSlices } from './cached-slices.ts';
import type { FillReader } from './fill.ts';
import type { FillRegistry } from './fill-registry.ts';
import { holdsWholeBlock } from './grid.ts';
import { discard, type ObjectVersion } from './resilient-cache.ts';

/** The inputs of a block body. */
export interface BlockBodySource {
  readonly object: ObjectVersion;
  /** The bytes of the body, half-open, at least one. */
  readonly span: Span;
  /** `span`, or `span` extended to block bounds at one or both ends: the fills read it, so that whole blocks can be cached. */
  readonly widened: Span;
  readonly blockSize: number;
  readonly fills: FillRegistry;
  /** The cached blocks of `span`. */
  readonly cached: CachedSlices;
  readonly call: CallOptions;
  readonly cacheStats: CacheStats;
  /** A reader of the fill that the metadata request has started, if it has started one. */
  readonly fillReader: FillReader | undefined;
}

/** The next bytes of a body: an array, or a stream of exactly the object's bytes from `start` up to `end`. */
export type BlockSlice = Uint8Array | StreamSlice;

/** A slice as a stream. `start` and `end` are half-open, in bytes of the object. */
export interface StreamSlice {
  readonly stream: ReadableStream<Uint8Array>;
  readonly start: number;
  readonly end: number;
  /** Whether the stream comes from the cache. If such a stream breaks, `restart` continues from the storage. */
  readonly isCached: boolean;
}

/** A body, read slice by slice from the cache and from the storage. */
export interface BlockBody {
  /**
   * Opens the first slice, which the first `next` returns. Also waits until the storage has responded to the read of the
   * first block that the cache lacks (as far as the cache can tell), so that the response can finish with the version
   * that it begins with.
   *
   * @throws StoreError if a read fails
   */
  begin(): Promise<BlockSlice>;
  /**
   * @returns the next slice; `undefined` at the end
   * @throws StoreError if a read fails
   */
  next(): Promise<BlockSlice | undefined>;
  /** Continues at byte `at` of the object after a stream of the cache broke there. The block is read from the storage. */
  restart(at: number): void;
  /** Closes all streams and leaves all fills. May be called while `next` waits, which then returns `undefined`. */
  leave(): void;
}

/** How many blocks ahead the body looks up in the cache with `has`. */
const LOOKAHEAD_BLOCKS = 256;

/** Creates a body. Each block comes from the cache, else from a running fill that reaches it, else from a new fill. */
export function blockBody(source: BlockBodySource): BlockBody {
  const { object, span, widened, blockSize, fills, cached, call, cacheStats } = source;
  const { size } = object.representation;
  /** Without the version id: before the response has begun, a new version is better than the old one read by its id. */
  const current = { ...object, representation: { ...object.representation, version: undefined } };
  let at = span.start;
  /** Whether the response has begun. From then on all bytes have to be of this version. */
  let hasBegun = false;
  let isClosed = false;
  let pending: BlockSlice | undefined;
  let { fillReader } = source;
  /** A reader of a fill of later bytes, while the bytes before them come from the cache. */
  let reservedReader: FillReader | undefined;
  /** The block whose cached stream broke; -1 if there is none. */
  let brokenBlock = -1;
  /** The last block counted as a hit or a miss. */
  let countedBlock = -1;
  /** Set when a fill finds the object replaced. The rest comes from the cache, or from the storage by the version id. */
  let isDetached = false;

  const indexOf = (position: number) => Math.floor(position / blockSize);

  function leave(): undefined {
    isClosed = true;
    dropReader();
    reservedReader?.leave();
    cached.close();
    if (pending !== undefined && !(pending instanceof Uint8Array)) discard(pending.stream);
    pending = undefined;
  }

  function dropReader(): undefined {
    fillReader?.leave();
    fillReader = undefined;
  }

  /** Joins a fill that will read the byte at `at`. @returns whether there is one */
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
      if (isClosed) return undefined;
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

  /** The fill has read past `at`, so those blocks come from the cache. The reader is reserved for the bytes after them. */
  function fallBehind(reader: FillReader): undefined {
    fillReader = undefined;
    if (reservedReader === undefined && !reader.fill.isOver()) reservedReader = reader;
    else reader.leave();
  }

  async function fromCache(): Promise<BlockSlice | undefined> {
    if (fillReader !== undefined || isClosed || brokenBlock === indexOf(at)) return undefined;
    // A running fill is faster than a cache read that may be a miss.
    if (!cached.isReady(at) && cached.has(at) !== true && findReader()) return undefined;
    const bytes = await cached.get(at);
    if (bytes === undefined) return undefined;
    const end = Math.min((indexOf(at) + 1) * blockSize, span.end);
    count(true);
    cacheStats.bytes += end - at;
    if (bytes instanceof Uint8Array) return bytes;
    return unlessClosed({ stream: bytes, start: at, end, isCached: true });
  }

  async function fromStorage(): Promise<BlockSlice | undefined> {
    if (fillReader !== undefined || isClosed || findReader()) return undefined;
    const missing = { start: at, end: nextCached(at) };
    cacheStats.forward ??= cacheStats.hits > 0 || missing.end < span.end ? 'partial' : 'miss';
    const pinned = hasBegun ? object : current;
    fillReader = startFill(pinned, missing);
    if (fillReader !== undefined) return undefined;
    count(false);
    return unlessClosed({ stream: await fills.open(pinned, missing, call), ...missing, isCached: false });
  }

  /** Closes the slice if the body was closed while the slice was opened. */
  function unlessClosed(slice: StreamSlice): BlockSlice | undefined {
    if (!isClosed) return slice;
    discard(slice.stream);
    return undefined;
  }

  /** Starts a fill. @returns `undefined` if it would contain no whole block, or if there is no memory for one */
  function startFill(pinned: ObjectVersion, { start, end }: Span): FillReader | undefined {
    const fillSpan = {
      start: start === span.start ? widened.start : start,
      end: end === span.end ? widened.end : end,
    };
    if (!holdsWholeBlock(fillSpan, blockSize, size)) return undefined;
    const reader = fills.start(pinned, fillSpan, call);
    if (reader === undefined) cacheStats.forward = 'bypass';
    return reader;
  }

  /** Start of the first block after that of `from` that the cache has, as far as it can tell; else the body's end. */
  function nextCached(from: number): number {
    const first = indexOf(from) + 1;
    for (let index = first; index < first + LOOKAHEAD_BLOCKS && index * blockSize < span.end; index++) {
      if (cached.has(index * blockSize) === true) return index * blockSize;
    }
    return span.end;
  }

  /** Position of the first byte at or after `from` that the cache lacks, as far as it can tell. */
  function nextMissing(from: number): number | undefined {
    if (from % blockSize !== 0) return from;
    for (let index = indexOf(from); index < indexOf(from) + LOOKAHEAD_BLOCKS && index * blockSize < span.end; index++) {
      if (cached.has(index * blockSize) === false) return index * blockSize;
    }
    return undefined;
  }

  /**
   * Opens the read of the first bytes at or after `from` that are missing.
   *
   * @throws StoreError `version-changed` or `archived`. Any other error is ignored: the read is tried again in its turn.
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
      if (isVersionUnavailable(error)) throw error;
    }
  }

  async function openSlice(): Promise<BlockSlice | undefined> {
    for (;;) {
      if (isClosed || at === span.end) return leave();
      const slice = (await fromFill()) ?? (await fromCache()) ?? (await fromStorage());
      if (slice === undefined) continue;
      // The body may have been closed during the last await; a prefetch started now would never be closed.
      if (!isClosed) cached.prefetch(Math.ceil(endOf(slice, at) / blockSize) * blockSize);
      return slice;
    }
  }

  return {
    async begin() {
      pending = await openSlice();
      if (pending === undefined) throw new RangeError('a body without bytes was begun');
      await reserve(fillReader === undefined ? endOf(pending, at) : fillReader.fill.span.end);
      hasBegun = true;
      return pending;
    },
    async next() {
      const slice = pending ?? (await openSlice());
      pending = undefined;
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
