import { steadyTime } from '../base/clock.ts';
import { spanLength, type Pinnable, type Span } from '../http/index.ts';
import type { BlockCache, BlockName, CachedBytes } from './block-cache.ts';
import { blockLength } from './grid.ts';
import { withTimeout } from '../base/with-timeout.ts';

/** One version of an object. It has a strong entity tag, so its blocks can't be confused with those of another version. */
export interface ObjectVersion {
  readonly key: string;
  readonly representation: Pinnable;
}

/** A cache that never throws, has a timeout, and returns a block from the moment at which `put` is called. */
export interface ResilientCache {
  /**
   * Reads a part of a block.
   *
   * @param part half-open, in bytes from the block's start
   * @returns an array of exactly that length, or a stream; `undefined` on a miss
   */
  get(object: ObjectVersion, index: number, part: Span): Promise<CachedBytes | undefined>;
  /** Like `get`, but synchronous: reads only from memory. */
  peek(object: ObjectVersion, index: number, part: Span): Uint8Array | undefined;
  /** Whether the cache has the block; `undefined` if the cache can't tell. */
  has(object: ObjectVersion, index: number): boolean | undefined;
  /** Stores a block. Resolves when the block is stored, or can't be stored. */
  put(object: ObjectVersion, index: number, block: Uint8Array): Promise<void>;
}

/** How long the circuit breaker is open after a failure of the cache, in ms: so long, the cache is not called. */
const CIRCUIT_OPEN_MS = 5_000;

/**
 * Wraps a cache so that its failures are misses.
 *
 * @param scope namespace of the keys
 * @param blockSize in bytes
 * @param timeout of one call to the cache, in ms
 */
export function resilientCache(cache: BlockCache, scope: string, blockSize: number, timeout: number): ResilientCache {
  const pendingPuts = new Map<string, Uint8Array>();
  let circuitOpenUntil = Number.NEGATIVE_INFINITY;

  const nameOf = ({ key, representation }: ObjectVersion, index: number): BlockName => ({
    scope,
    key,
    etag: representation.etag.opaque,
    blockSize,
    index,
    length: blockLength(index, blockSize, representation.size),
  });

  function fail(): undefined {
    circuitOpenUntil = steadyTime() + CIRCUIT_OPEN_MS;
  }

  /** Calls the cache unless the circuit breaker is open. */
  function call<Result>(operation: () => Result): Result | undefined {
    try {
      return steadyTime() < circuitOpenUntil ? undefined : operation();
    } catch {
      return fail();
    }
  }

  async function settle<Result>(result: Promise<Result> | undefined): Promise<Result | undefined> {
    try {
      return result && (await withTimeout(timeout, result));
    } catch {
      return fail();
    }
  }

  function peek(object: ObjectVersion, index: number, part: Span): Uint8Array | undefined {
    const block = pendingPuts.size === 0 ? undefined : pendingPuts.get(idOf(object, index));
    if (block !== undefined) return block.subarray(part.start, part.end);
    try {
      const bytes = cache.peek?.(nameOf(object, index), part);
      return bytes?.length === spanLength(part) ? bytes : undefined;
    } catch {
      return fail();
    }
  }

  return {
    peek,
    async get(object, index, part) {
      const result = call(() => cache.get(nameOf(object, index), part));
      const bytes = await settle(result);
      // A result that arrives after the timeout may hold a connection, so it is closed.
      if (bytes === undefined) result?.then(discard, () => undefined);
      const isExact = !(bytes instanceof Uint8Array) || bytes.length === spanLength(part);
      // The block may have been put during the read.
      return (isExact ? bytes : undefined) ?? peek(object, index, part);
    },
    has: (object, index) => {
      if (pendingPuts.size > 0 && pendingPuts.has(idOf(object, index))) return true;
      return cache.has === undefined ? undefined : call(() => cache.has?.(nameOf(object, index))) === true;
    },
    async put(object, index, block) {
      const id = idOf(object, index);
      pendingPuts.set(id, block);
      await settle(call(() => cache.put(nameOf(object, index), block)));
      if (pendingPuts.get(id) === block) pendingPuts.delete(id);
    },
  };
}

/** Returns an id that is unique for each block: an entity tag contains no space. */
function idOf({ key, representation }: ObjectVersion, index: number): string {
  return `${index} ${representation.etag.opaque} ${key}`;
}

/** Closes a cached stream that is not read. A stream that is being read is locked, and is not closed. */
export function discard(bytes: CachedBytes | undefined): void {
  if (bytes === undefined || bytes instanceof Uint8Array) return;
  bytes.cancel().catch(() => undefined);
}
