import { spanLength, type Pinnable, type Span } from '../http/index.ts';
import type { BlockCache, BlockName } from '../cache/block-cache.ts';
import { blockLength, bytesOf, bytesOfPiece, runsOf, type BlockRange, type Piece } from '../cache/grid.ts';
import type { ToReader } from './chunk-stream.ts';
import { openRest } from './continuation.ts';
import { makeFlights, type Departure, type Flight } from './flights.ts';
import { guardedCache } from './guarded-cache.ts';
import type { CallOptions, ObjectStore } from './object-store.ts';
import { cachedPortion, discard, storedPortion, type Portion } from './portion.ts';
import type { Segment, SegmentPlan, Tail } from './segment.ts';
import { handover, makeSpareRoom, openSpare, type Handover, type Spare } from './spare.ts';
import { isStoreError } from './store-error.ts';
import { SHARE_TIMEOUT, within } from './within.ts';

/** A version of an object whose blocks can be told from those of any other. */
export interface PinnedObject {
  readonly key: string;
  readonly representation: Pinnable;
}

/** Pieces on their way, in order. */
export interface Window {
  readonly pieces: readonly Promise<Portion>[];
  /** When the storage answers for every piece that comes from there; rejects where it can't. */
  readonly opened: Promise<unknown>;
  /** How many of the pieces the cache had, and their bytes. */
  readonly hits: number;
  readonly hitBytes: number;
  /** A read that goes on behind these pieces, for whoever opened the window to close; absent where none was opened. */
  readonly spare: Promise<Spare | undefined> | undefined;
  /** Gives back what nobody has taken, and the reads that nobody waits for any more. Only its first call counts. */
  close(): void;
}

/** Where blocks come from: the cache, a read that is under way, or a new one. */
export interface BlockSource {
  /** Pieces that are all in memory; `undefined` where one is not. */
  peek(object: PinnedObject, pieces: readonly Piece[]): readonly Portion[] | undefined;
  /** Pieces out of the cache alone; `undefined` where it does not have them all. */
  look(object: PinnedObject, pieces: readonly Piece[], call: CallOptions): Promise<readonly Portion[] | undefined>;
  /**
   * All pieces, with as few reads of the storage as there are runs of blocks missing.
   *
   * @param spareEnd where given, the last of the reads goes on to there, and becomes a spare
   * @returns `undefined` where some are missing and there is no room for them
   */
  fetch(
    object: PinnedObject,
    pieces: readonly Piece[],
    call: CallOptions,
    spareEnd?: number,
  ): Promise<Window | undefined>;
  /** Whether there is room for one more block on its way. */
  hasRoom(): boolean;
  /** Whether the cache has all these blocks; `undefined` where it does not tell. */
  has(object: PinnedObject, blocks: BlockRange): Promise<boolean | undefined>;
  /**
   * Opens a spare; none where there are too many, or the storage fails.
   *
   * @throws StoreError `changed` or `archived`
   */
  spare(object: PinnedObject, span: Span, call: CallOptions): Promise<Spare | undefined>;
  /** Whether all of them are being read. */
  isUnderWay(object: PinnedObject, pieces: readonly Piece[]): boolean;
  /** Bytes past the cache. */
  open(object: PinnedObject, span: Span, call: CallOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Takes a read that is open already, of whole blocks from the first of `range` on and up to `end`, in bytes.
   *
   * @returns `undefined` where there is no room, and the read is still the caller's
   */
  adopt(
    plan: Omit<SegmentPlan, 'blockSize' | 'tail' | 'onLeft'> & { readonly end: number },
    body: ReadableStream<Uint8Array>,
    call: CallOptions,
  ): Adopted | undefined;
}

/** A read that was open already. */
export interface Adopted {
  /** Gives it up, unless somebody else waits for its blocks. */
  readonly release: () => void;
  /** What follows the blocks in the same read. */
  readonly spare: Handover | undefined;
}

/** What a source is made of. */
export interface SourceOptions {
  readonly store: ObjectStore;
  readonly cache: BlockCache;
  readonly scope: string;
  readonly blockSize: number;
  readonly toReader: ToReader;
  /** How long the cache may take to answer, in ms. */
  readonly cacheTimeout: number;
  /** Bytes of blocks that are read, put into the cache or waited for, all together. */
  readonly room: number;
  /** Called where the storage says that it has another version. */
  readonly onChanged: (object: PinnedObject) => void;
}

/** Makes a source. Blocks under way are shared by all who ask for them. */
export function blockSource(options: SourceOptions): BlockSource {
  const { store, scope, blockSize, toReader, cacheTimeout, onChanged } = options;
  const cache = guardedCache(options.cache, cacheTimeout);
  const flights = makeFlights({ capacity: options.room, toReader, keep: (name, block) => cache.put(name, block) });
  const spareRoom = makeSpareRoom();

  const nameOf = ({ key, representation }: PinnedObject, index: number): BlockName => ({
    scope,
    key,
    etag: representation.etag.opaque,
    blockSize,
    index,
    length: blockLength(index, blockSize, representation.size),
  });

  const namesOf = (object: PinnedObject, { start: first, end }: BlockRange): readonly BlockName[] =>
    Array.from({ length: end - first }, (_, i) => nameOf(object, first + i));

  function noteChange(object: PinnedObject, error: unknown): void {
    if (isStoreError(error) && error.code === 'changed') onChanged(object);
  }

  /** Reads blocks into the cache; `undefined` where there is no room for them. */
  function start(
    plan: Departure['plan'],
    body: () => Promise<ReadableStream<Uint8Array>>,
    { defer }: CallOptions,
  ): Segment | undefined {
    const names = namesOf(plan, plan.range);
    return flights.depart({ plan, names, open: body, defer, onFailed: (error) => noteChange(plan, error) });
  }

  async function open(object: PinnedObject, span: Span, { tally }: CallOptions): Promise<ReadableStream<Uint8Array>> {
    try {
      return await openRest({ store, ...object, rest: span }, { tally });
    } catch (error) {
      noteChange(object, error);
      throw error;
    }
  }

  async function get(object: PinnedObject, piece: Piece, call: CallOptions): Promise<Portion | undefined> {
    const bytes = await cache.get(nameOf(object, piece.index), piece.part);
    if (bytes === undefined) return undefined;
    const rest = (from: number) => open(object, bytesOfPiece(piece, blockSize, from), call);
    return cachedPortion(bytes, spanLength(piece.part), rest, cacheTimeout);
  }

  /** Another request's read may be given up with it, or on Workers never end for anyone else. */
  async function share(
    flight: Flight,
    object: PinnedObject,
    piece: Piece,
    call: CallOptions,
    isWanted: () => boolean,
  ): Promise<Portion> {
    try {
      return partOf(await within(SHARE_TIMEOUT, flight.block), piece);
    } catch (error) {
      if (isFinal(error, object) || !isWanted()) throw error;
      flights.land(flight);
      return storedPortion(await open(object, bytesOfPiece(piece, blockSize, 0), call));
    }
  }

  async function look(
    object: PinnedObject,
    pieces: readonly Piece[],
    call: CallOptions,
  ): Promise<readonly Portion[] | undefined> {
    const found = await Promise.all(pieces.map((piece) => get(object, piece, call)));
    const portions = found.filter((one) => one !== undefined);
    if (portions.length === found.length) return portions;
    for (const portion of portions) discard(portion);
    return undefined;
  }

  async function fetch(
    object: PinnedObject,
    pieces: readonly Piece[],
    call: CallOptions,
    spareEnd = 0,
  ): Promise<Window | undefined> {
    const holds = new Map<Segment, () => void>();
    const under = ({ index }: Piece): Flight | undefined => {
      const flight = flights.find(nameOf(object, index));
      if (flight === undefined || !flight.segment.brings(index)) return undefined;
      if (!holds.has(flight.segment)) holds.set(flight.segment, flight.segment.hold());
      return flight;
    };
    // What is under way is held before the cache is waited for: it might land meanwhile, and be read again.
    const looked = await Promise.all(pieces.map(async (piece) => under(piece) ?? get(object, piece, call)));
    const found = pieces.map((piece, i) => looked[i] ?? under(piece));
    const own = new Set<Segment>();
    const missing = pieces.filter((_, i) => found[i] === undefined);
    const runs = runsOf(missing.map(({ index }) => index));
    const toSpan = (range: BlockRange) => bytesOf(range, blockSize, object.representation.size);
    if (!flights.hasRoom(runs.reduce((sum, range) => sum + spanLength(toSpan(range)), 0))) {
      for (const release of holds.values()) release();
      for (const one of found) if (one !== undefined && !isFlight(one)) discard(one);
      return undefined;
    }
    let kept: Window['spare'];
    for (const range of runs) {
      const due = toSpan(range);
      const onClose = range === runs.at(-1) && spareEnd > due.end ? spareRoom.tryAcquire() : undefined;
      const tail: Tail | undefined = onClose && { onClose };
      const span = { start: due.start, end: tail === undefined ? due.end : spareEnd };
      const segment = start({ ...object, blockSize, range, tail }, () => open(object, span, call), call);
      if (segment === undefined) throw new RangeError('there was room for all of it');
      if (tail !== undefined) kept = segment.spare;
      own.add(segment);
    }
    let isClosed = false;
    const portions = pieces.map((piece, i): Promise<Portion> => {
      const one = found[i] ?? under(piece);
      if (one === undefined) return Promise.reject(new Error('a block is neither kept nor under way'));
      if (!isFlight(one)) return Promise.resolve(one);
      if (own.has(one.segment)) return one.block.then((bytes) => partOf(bytes, piece));
      return share(one, object, piece, call, () => !isClosed);
    });
    for (const portion of portions) portion.catch(() => undefined);
    const hits = pieces.filter((_, i) => found[i] !== undefined && !isFlight(found[i]));
    return {
      pieces: portions,
      opened: answered([...holds.keys()], own, object),
      spare: kept,
      hits: hits.length,
      hitBytes: hits.reduce((sum, { part }) => sum + spanLength(part), 0),
      close() {
        isClosed = true;
        for (const release of holds.values()) release();
        for (const portion of portions) portion.then(discard, () => undefined);
      },
    };
  }

  return {
    peek: (object, pieces) => cache.peek?.(pieces.map(({ index, part }) => ({ name: nameOf(object, index), part }))),
    look,
    fetch,
    has: (object, blocks) => cache.has(namesOf(object, blocks)),
    spare: (object, span, call) =>
      openSpare(async () => toReader(await open(object, span, call)), span.start, spareRoom),
    isUnderWay: (object, pieces) => pieces.every(({ index }) => flights.find(nameOf(object, index)) !== undefined),
    open,
    hasRoom: () => flights.hasRoom(blockSize),
    adopt({ end, ...plan }, body, call) {
      const { range, representation } = plan;
      const hasTail = end > bytesOf(range, blockSize, representation.size).end;
      // A version that the storage keeps can be read when it is replaced, and needs no spare.
      const onClose = hasTail && representation.version === undefined ? spareRoom.tryAcquire() : undefined;
      const tail = hasTail ? { onClose } : undefined;
      const segment = start({ ...plan, blockSize, tail }, async () => body, call);
      if (segment === undefined) {
        onClose?.();
        return undefined;
      }
      return { release: segment.hold(), spare: onClose && handover(segment.spare) };
    },
  };
}

/** When these reads are open. Those of other requests may be slow to tell: their blocks have a way out of their own. */
function answered(segments: readonly Segment[], own: ReadonlySet<Segment>, object: PinnedObject): Promise<unknown> {
  const all = Promise.all(
    segments.map(async (segment) => {
      try {
        await (own.has(segment) ? segment.opened : within(SHARE_TIMEOUT, segment.opened));
      } catch (error) {
        if (own.has(segment) || isFinal(error, object)) throw error;
      }
    }),
  );
  all.catch(() => undefined);
  return all;
}

/** Whether what another request's read failed with would be the same for us. */
function isFinal(error: unknown, { representation }: PinnedObject): boolean {
  if (!isStoreError(error) || error.code === 'aborted') return false;
  return error.code !== 'changed' || representation.version === undefined;
}

function isFlight(one: Flight | Portion | undefined): one is Flight {
  return one !== undefined && 'segment' in one;
}

function partOf(block: Uint8Array, { part }: Piece): Uint8Array {
  return block.subarray(part.start, part.end);
}
