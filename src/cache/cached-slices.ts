import type { Span } from '../http/index.ts';
import type { CachedBytes } from './block-cache.ts';
import { partOf } from './grid.ts';
import { discard, type ResilientCache, type ObjectVersion } from './resilient-cache.ts';

/** What the cache has of the bytes of one body. All positions are of the object, in bytes. */
export interface CachedSlices {
  /** The bytes from `at` to the end of their block, or of the body, where they are in memory. */
  peek(at: number): Uint8Array | undefined;
  /** The same, from wherever the cache has them. */
  get(at: number): Promise<CachedBytes | undefined>;
  /** Whether they can be had without waiting. */
  isReady(at: number): boolean;
  /** Whether the cache has their block; `undefined` where it does not tell. */
  has(at: number): boolean | undefined;
  /** Asks for them while others are sent. Forgets what was asked for before and not taken. */
  prefetch(at: number): void;
  /** Gives back what was asked for and not taken. */
  close(): void;
}

/** Makes a view of the cache for the bytes of `span`. */
export function cachedSlices(
  cache: ResilientCache,
  object: ObjectVersion,
  span: Span,
  blockSize: number,
): CachedSlices {
  let ahead: { readonly at: number; readonly answer: Promise<CachedBytes | undefined> } | undefined;
  /** The answer, once it is there. */
  let found: { readonly bytes: CachedBytes | undefined } | undefined;

  const indexOf = (at: number) => Math.floor(at / blockSize);
  const part = (at: number) => partOf({ start: at, end: span.end }, indexOf(at), blockSize);
  const peek = (at: number) => cache.peek(object, indexOf(at), part(at));

  function close(): void {
    ahead?.answer.then(discard, () => undefined);
    ahead = undefined;
  }

  return {
    peek,
    async get(at) {
      const answer = ahead?.at === at ? ahead.answer : undefined;
      if (answer !== undefined) ahead = undefined;
      // What was not there when it was looked up may have come since.
      return (await answer) ?? peek(at) ?? cache.get(object, indexOf(at), part(at));
    },
    isReady: (at) => (ahead?.at === at && found?.bytes !== undefined) || peek(at) !== undefined,
    has: (at) => cache.has(object, indexOf(at)),
    prefetch(at) {
      // One question at a time: a cache that hangs is not asked for each block.
      if (ahead?.at === at || (ahead !== undefined && found === undefined)) return;
      close();
      if (at >= span.end || peek(at) !== undefined) return;
      const asked = { at, answer: cache.get(object, indexOf(at), part(at)) };
      ahead = asked;
      found = undefined;
      void asked.answer.then((bytes) => {
        if (ahead === asked) found = { bytes };
      });
    },
    close,
  };
}
