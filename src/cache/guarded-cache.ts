import { steadyTime } from '../clock.ts';
import { spanLength, type Span } from '../http/index.ts';
import type { BlockCache, BlockName, CachedBytes } from './block-cache.ts';
import { within } from './within.ts';

/** A cache that is not waited for for long, and that throws nothing. */
export interface GuardedCache {
  /** A part of a block, of the length that was asked for where it is not a stream. */
  get(name: BlockName, part: Span): Promise<CachedBytes | undefined>;
  /** The same, where it is in memory. */
  peek(name: BlockName, part: Span): Uint8Array | undefined;
  put(name: BlockName, bytes: Uint8Array): Promise<void>;
  /** Whether it has the block; `undefined` where it does not tell. */
  has(name: BlockName): boolean | undefined;
}

/** After the cache failed, it is left alone for so long, in ms. */
const REST = 5_000;

/** @param timeout how long the cache may take to answer, in ms */
export function guardedCache(cache: BlockCache, timeout: number): GuardedCache {
  let restsUntil = Number.NEGATIVE_INFINITY;
  const fail = () => {
    restsUntil = steadyTime() + REST;
  };

  return {
    async get(name, part) {
      if (steadyTime() < restsUntil) return undefined;
      let asked: Promise<CachedBytes | undefined> | undefined;
      try {
        asked = cache.get(name, part);
        return exactly(await within(timeout, asked), part);
      } catch {
        fail();
        // It may come yet, and hold a connection.
        asked?.then(discard, () => undefined);
      }
      return undefined;
    },
    peek(name, part) {
      if (cache.peek === undefined) return undefined;
      try {
        const bytes = cache.peek(name, part);
        return bytes?.length === spanLength(part) ? bytes : undefined;
      } catch {
        fail();
        return undefined;
      }
    },
    async put(name, bytes) {
      try {
        if (steadyTime() >= restsUntil) await within(timeout, cache.put(name, bytes));
      } catch {
        fail();
      }
    },
    has(name) {
      try {
        return steadyTime() < restsUntil ? false : cache.has?.(name);
      } catch {
        fail();
        return false;
      }
    },
  };
}

function exactly(bytes: CachedBytes | undefined, part: Span): CachedBytes | undefined {
  return bytes instanceof Uint8Array && bytes.length !== spanLength(part) ? undefined : bytes;
}

/** Gives back what is not taken. A stream that is being read has a lock, and stays as it is. */
export function discard(bytes: CachedBytes | undefined): void {
  if (bytes === undefined || bytes instanceof Uint8Array) return;
  bytes.cancel().catch(() => undefined);
}
