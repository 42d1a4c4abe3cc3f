import type { BlockCache, BlockName, CachedBytes } from '../cache/block-cache.ts';
import { steadyTime } from '../clock.ts';
import { spanLength, type Span } from '../http/index.ts';
import { discard } from './portion.ts';
import { within } from './within.ts';

interface Wanted {
  readonly name: BlockName;
  readonly part: Span;
}

/** A cache that nobody waits long for, and that throws nothing. */
export interface GuardedCache {
  /** A part of a block, of the length that was asked for where it is not a stream. */
  get(name: BlockName, part: Span): Promise<CachedBytes | undefined>;
  /** Parts of blocks that are all in memory; `undefined` where one is not. Left out where the cache keeps none there. */
  readonly peek: ((wanted: readonly Wanted[]) => readonly Uint8Array[] | undefined) | undefined;
  put(name: BlockName, bytes: Uint8Array): Promise<void>;
  /** Whether it has all these blocks; `undefined` where it does not tell. */
  has(names: readonly BlockName[]): Promise<boolean | undefined>;
}

/** After the cache failed, it is left alone for so long, in ms. */
const REST = 5_000;

/** Blocks that it is asked about at once. */
const ASKED_AT_ONCE = 64;

/** @param timeout how long the cache may take to answer, in ms */
export function guardedCache(cache: BlockCache, timeout: number): GuardedCache {
  let restsUntil = Number.NEGATIVE_INFINITY;
  const fail = () => {
    restsUntil = steadyTime() + REST;
  };

  function peek(wanted: readonly Wanted[]): readonly Uint8Array[] | undefined {
    const found: Uint8Array[] = [];
    try {
      for (const { name, part } of wanted) {
        const bytes = cache.peek?.(name, part);
        if (bytes?.length !== spanLength(part)) return undefined;
        found.push(bytes);
      }
      return found;
    } catch {
      fail();
      return undefined;
    }
  }

  return {
    async get(name, part) {
      if (steadyTime() < restsUntil) return undefined;
      let asked: Promise<CachedBytes | undefined> | undefined;
      try {
        asked = cache.get(name, part);
        const bytes = await within(timeout, asked);
        return bytes instanceof Uint8Array && bytes.length !== spanLength(part) ? undefined : bytes;
      } catch {
        fail();
        // It may come yet, and hold a connection.
        asked?.then(discard, () => undefined);
      }
      return undefined;
    },
    peek: cache.peek && peek,
    async put(name, bytes) {
      try {
        if (steadyTime() >= restsUntil) await within(timeout, cache.put(name, bytes));
      } catch {
        fail();
      }
    },
    async has(names) {
      if (cache.has === undefined) return undefined;
      if (steadyTime() < restsUntil) return false;
      try {
        for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
          const answers = names.slice(at, at + ASKED_AT_ONCE).map(async (name) => cache.has?.(name) ?? false);
          if ((await within(timeout, Promise.all(answers))).includes(false)) return false;
        }
        return true;
      } catch {
        fail();
        return false;
      }
    },
  };
}
