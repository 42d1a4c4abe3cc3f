import type { BlockCache, BlockName, CachedBytes } from '../cache/block-cache.ts';
import { blockLength, runsOf, type Piece } from '../cache/grid.ts';
import { spanLength } from '../http/index.ts';
import type { ToReader } from './chunk-reader.ts';
import type { CallOptions, ObjectStore } from './object-store.ts';
import type { Pinnable } from './pinnable.ts';
import { isStoreError } from './store-error.ts';
import { within } from './within.ts';
import { openPinned, openSegment, readSegment, type Segment, type SegmentPlan } from './segment.ts';

/** A version of an object whose blocks can be told from those of any other. */
export interface PinnedObject {
  readonly key: string;
  readonly representation: Pinnable;
}

/** Pieces on their way, in order. */
export interface Window {
  readonly pieces: readonly Promise<CachedBytes>[];
  /** How many of them the cache had, and their bytes. */
  readonly hits: number;
  readonly hitBytes: number;
  /** To be called once, when no piece is waited for any more. */
  release(): void;
}

/** Where blocks come from: the cache, a read that is under way, or a new one. */
export interface BlockSource {
  /** Pieces out of the cache alone; `undefined` for each that it does not have. */
  look(object: PinnedObject, pieces: readonly Piece[]): Promise<readonly (CachedBytes | undefined)[]>;
  /** All pieces, with as few reads of the storage as there are runs of blocks missing. */
  fetch(object: PinnedObject, pieces: readonly Piece[], call: CallOptions): Promise<Window>;
  /** Takes a read that is open already, of whole blocks from the first of `range` on. */
  adopt(plan: Omit<SegmentPlan, 'blockSize'>, body: ReadableStream<Uint8Array>, call: CallOptions): void;
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
}

/** After the cache failed, it is left alone for so long, in ms. */
const REST = 5_000;

/** How long a block that somebody else reads is waited for, in ms. */
const SHARE_TIMEOUT = 10_000;

/** A block that is being read. */
interface Flight {
  readonly block: Promise<Uint8Array>;
  readonly segment: Segment;
}

/** Makes a source. Blocks under way are shared by all who ask for them. */
export function blockSource(options: SourceOptions): BlockSource {
  const { store, cache, scope, blockSize, toReader, cacheTimeout } = options;
  const flights = new Map<string, Flight>();
  let restsUntil = 0;

  const nameOf = ({ key, representation }: PinnedObject, index: number): BlockName => ({
    scope,
    key,
    etag: representation.etag.opaque,
    blockSize,
    index,
    length: blockLength(index, blockSize, representation.size),
  });

  async function get(name: BlockName, { part }: Piece): Promise<CachedBytes | undefined> {
    if (Date.now() < restsUntil) return undefined;
    try {
      const bytes = await within(cacheTimeout, cache.get(name, part));
      // A stream is counted where it is passed on.
      if (!(bytes instanceof Uint8Array) || bytes.length === spanLength(part)) return bytes;
    } catch {
      restsUntil = Date.now() + REST;
    }
    return undefined;
  }

  async function keep(name: BlockName, bytes: Uint8Array): Promise<void> {
    try {
      if (Date.now() >= restsUntil) await within(cacheTimeout, cache.put(name, bytes));
    } catch {
      restsUntil = Date.now() + REST;
    } finally {
      flights.delete(flightName(name));
    }
  }

  function start(plan: SegmentPlan, open: () => Promise<ReadableStream<Uint8Array>>, call: CallOptions): Segment {
    const outlast = (work: Promise<unknown>) => call.defer?.(work);
    const segment = readSegment(plan, open, toReader, (index, bytes) => outlast(keep(nameOf(plan, index), bytes)));
    for (const [i, block] of segment.blocks.entries()) {
      const name = flightName(nameOf(plan, plan.range.start + i));
      flights.set(name, { block, segment });
      outlast(block.catch(() => void flights.delete(name)));
    }
    return segment;
  }

  /** Another request's read may be given up with it, or on Workers never end for anyone else. */
  async function share({ block }: Flight, object: PinnedObject, { index, part }: Piece, call: CallOptions) {
    try {
      const bytes = await within(SHARE_TIMEOUT, block);
      return bytes.subarray(part.start, part.end);
    } catch (error) {
      if (isStoreError(error) && error.code !== 'aborted') throw error;
      const origin = index * blockSize;
      const span = { start: origin + part.start, end: origin + part.end };
      return openPinned(store, object.key, object.representation, span, call);
    }
  }

  const look = (object: PinnedObject, pieces: readonly Piece[]) =>
    Promise.all(pieces.map((piece) => get(nameOf(object, piece.index), piece)));

  return {
    look,
    adopt: (plan, body, call) => start({ ...plan, blockSize }, async () => body, call).leave(),
    async fetch(object, pieces, call) {
      const under = (index: number) => flights.get(flightName(nameOf(object, index)));
      const found = await Promise.all(
        pieces.map(async (piece) =>
          under(piece.index) === undefined ? get(nameOf(object, piece.index), piece) : undefined,
        ),
      );
      const own = new Set<Segment>();
      const missing = pieces.filter(({ index }, i) => found[i] === undefined && under(index) === undefined);
      for (const range of runsOf(missing.map(({ index }) => index))) {
        const plan = { ...object, blockSize, range };
        own.add(start(plan, () => openSegment(store, plan, call), call));
      }
      const joined = new Set(own);
      const toPiece = (piece: Piece, i: number): Promise<CachedBytes> => {
        const kept = found[i];
        if (kept !== undefined) return Promise.resolve(kept);
        const flight = under(piece.index);
        if (flight === undefined) return Promise.reject(new Error('a block is neither kept nor under way'));
        if (!joined.has(flight.segment)) flight.segment.join();
        joined.add(flight.segment);
        if (!own.has(flight.segment)) return share(flight, object, piece, call);
        return flight.block.then((bytes) => bytes.subarray(piece.part.start, piece.part.end));
      };
      const promises = pieces.map(toPiece);
      for (const promise of promises) promise.catch(() => undefined);
      const hits = pieces.filter((_, i) => found[i] !== undefined);
      return {
        pieces: promises,
        hits: hits.length,
        hitBytes: hits.reduce((sum, { part }) => sum + spanLength(part), 0),
        release() {
          for (const segment of joined) segment.leave();
        },
      };
    },
  };
}

function flightName({ key, etag, index }: BlockName): string {
  return JSON.stringify([key, etag, index]);
}
