import { steadyTime } from '../base/clock.ts';
import { spanLength, type Pinnable, type Span } from '../http/index.ts';
import type { BlockCache, BlockName, CachedBytes } from './block-cache.ts';
import { blockLength } from './grid.ts';
import { withTimeout } from './with-timeout.ts';

/** A version of an object whose blocks can be told from those of any other. */
export interface ObjectVersion {
  readonly key: string;
  readonly representation: Pinnable;
}

/** A cache that throws nothing, answers in time, and has a block from the moment on in which it is put. */
export interface ResilientCache {
  /** A part of a block, of the length that was asked for where it is not a stream. */
  get(object: ObjectVersion, index: number, part: Span): Promise<CachedBytes | undefined>;
  /** The same, where it is in memory. */
  peek(object: ObjectVersion, index: number, part: Span): Uint8Array | undefined;
  /** Whether it has the block; `undefined` where it does not tell. */
  has(object: ObjectVersion, index: number): boolean | undefined;
  /** Resolves when the block is kept, or is not going to be. */
  put(object: ObjectVersion, index: number, block: Uint8Array): Promise<void>;
}

/** After the cache failed, it is left alone for so long, in ms. */
const REST = 5_000;

/**
 * Guards a cache.
 *
 * @param timeout how long it may take to answer, in ms
 */
export function resilientCache(cache: BlockCache, scope: string, blockSize: number, timeout: number): ResilientCache {
  const beingPut = new Map<string, Uint8Array>();
  let restsUntil = Number.NEGATIVE_INFINITY;

  const nameOf = ({ key, representation }: ObjectVersion, index: number): BlockName => ({
    scope,
    key,
    etag: representation.etag.opaque,
    blockSize,
    index,
    length: blockLength(index, blockSize, representation.size),
  });

  function fail(): undefined {
    restsUntil = steadyTime() + REST;
  }

  /** What the cache says, unless it rests. */
  function ask<FetchResult>(flight: () => FetchResult): FetchResult | undefined {
    try {
      return steadyTime() < restsUntil ? undefined : flight();
    } catch {
      return fail();
    }
  }

  async function wait<FetchResult>(answer: Promise<FetchResult> | undefined): Promise<FetchResult | undefined> {
    try {
      return answer && (await withTimeout(timeout, answer));
    } catch {
      return fail();
    }
  }

  function peek(object: ObjectVersion, index: number, part: Span): Uint8Array | undefined {
    const known = beingPut.size === 0 ? undefined : beingPut.get(idOf(object, index));
    if (known !== undefined) return known.subarray(part.start, part.end);
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
      const asked = ask(() => cache.get(nameOf(object, index), part));
      const bytes = await wait(asked);
      // One that comes too late may hold a connection.
      if (bytes === undefined) asked?.then(discard, () => undefined);
      const isExact = !(bytes instanceof Uint8Array) || bytes.length === spanLength(part);
      // It may have been put meanwhile.
      return (isExact ? bytes : undefined) ?? peek(object, index, part);
    },
    has: (object, index) => {
      if (beingPut.size > 0 && beingPut.has(idOf(object, index))) return true;
      return cache.has === undefined ? undefined : ask(() => cache.has?.(nameOf(object, index))) === true;
    },
    async put(object, index, block) {
      const id = idOf(object, index);
      beingPut.set(id, block);
      await wait(ask(() => cache.put(nameOf(object, index), block)));
      if (beingPut.get(id) === block) beingPut.delete(id);
    },
  };
}

/** The tag of a version has no space in it, so no two blocks share an id. */
function idOf({ key, representation }: ObjectVersion, index: number): string {
  return `${index} ${representation.etag.opaque} ${key}`;
}

/** Gives back what is not taken. A stream that is being read has a lock, and stays as it is. */
export function discard(bytes: CachedBytes | undefined): void {
  if (bytes === undefined || bytes instanceof Uint8Array) return;
  bytes.cancel().catch(() => undefined);
}
