import type { Span } from '../http/index.ts';
import type { CachedBytes } from './block-cache.ts';
import type { Fills, PinnedObject } from './fills.ts';
import { partOf } from './grid.ts';
import { discard, type GuardedCache } from './guarded-cache.ts';

/** What the cache has of the bytes of one body. All positions are of the object, in bytes. */
export interface CachedParts {
  /** The bytes from `at` to the end of their block, or of the body, where they are in memory. */
  peek(at: number): Uint8Array | undefined;
  /** Whether they can be had without waiting. */
  isThere(at: number): boolean;
  /** Whether the cache has them, as far as it tells. */
  isKept(at: number): boolean;
  /** The same bytes, from wherever the cache has them. */
  get(at: number): Promise<CachedBytes | undefined>;
  /** Asks for them while others are sent. Forgets what was asked for before and not taken. */
  lookAhead(at: number): void;
  /** Where the first block behind that of `at` begins that is there, as far as the cache tells; else the body's end. */
  nextCached(at: number): number;
  /** Where the first bytes from `at` on are that are not there, as far as the cache tells. */
  nextMissing(at: number): number | undefined;
  /** Gives back what was asked for and not taken. */
  close(): void;
}

/** A question to the cache that was put ahead. */
interface Lookup {
  readonly at: number;
  readonly answer: Promise<CachedBytes | undefined>;
  isAnswered: boolean;
  found?: CachedBytes | undefined;
}

/** Blocks that the cache is asked about at once. */
const ASKED = 256;

/** Makes a view of the cache for the bytes of `span`. */
export function cachedParts(
  cache: GuardedCache,
  fills: Fills,
  object: PinnedObject,
  span: Span,
  blockSize: number,
): CachedParts {
  let lookup: Lookup | undefined;

  const indexOf = (at: number) => Math.floor(at / blockSize);
  const named = (at: number) => ({
    name: fills.nameOf(object, indexOf(at)),
    part: partOf({ start: at, end: span.end }, indexOf(at), blockSize),
  });

  function peek(at: number): Uint8Array | undefined {
    const { name, part } = named(at);
    return cache.peek(name, part) ?? fills.block(name)?.subarray(part.start, part.end);
  }

  function close(): void {
    lookup?.answer.then(discard, () => undefined);
    lookup = undefined;
  }

  function take(): Promise<CachedBytes | undefined> | undefined {
    const answer = lookup?.answer;
    lookup = undefined;
    return answer;
  }

  /** @returns `undefined` where the cache does not tell */
  function has(at: number): boolean | undefined {
    const name = fills.nameOf(object, indexOf(at));
    return fills.block(name) !== undefined || cache.has(name);
  }

  return {
    peek,
    isKept: (at) => has(at) === true,
    isThere: (at) => peek(at) !== undefined || (lookup?.at === at && lookup.found !== undefined),
    async get(at) {
      const early = lookup?.at === at ? await take() : undefined;
      const known = early ?? peek(at);
      if (known !== undefined) return known;
      // Not there when it was looked up: it may have come since.
      const { name, part } = named(at);
      return (await cache.get(name, part)) ?? peek(at);
    },
    lookAhead(at) {
      // One question at a time: a cache that hangs is not asked for each block.
      if (lookup?.at === at || lookup?.isAnswered === false) return;
      close();
      if (at >= span.end || peek(at) !== undefined) return;
      const { name, part } = named(at);
      const made: Lookup = { at, answer: cache.get(name, part), isAnswered: false };
      lookup = made;
      void made.answer.then((found) => {
        made.isAnswered = true;
        made.found = found;
      });
    },
    nextCached(at) {
      const first = indexOf(at) + 1;
      for (let index = first; index < first + ASKED && index * blockSize < span.end; index++) {
        if (has(index * blockSize) === true) return index * blockSize;
      }
      return span.end;
    },
    nextMissing(at) {
      if (at % blockSize !== 0) return at;
      for (let index = indexOf(at); index < indexOf(at) + ASKED && index * blockSize < span.end; index++) {
        if (has(index * blockSize) === false) return index * blockSize;
      }
      return undefined;
    },
    close,
  };
}
