import type { Span } from '../http/index.ts';
import type { CachedBytes } from './block-cache.ts';
import { partOf } from './grid.ts';
import { discard, type ResilientCache, type ObjectVersion } from './resilient-cache.ts';

/**
 * The cached bytes of one body. All positions are in bytes of the object. Each method is about the slice that begins at
 * `at` and ends with its block, or with the body if that ends earlier.
 */
export interface CachedSlices {
  /** Returns the slice if it is in memory. */
  peek(at: number): Uint8Array | undefined;
  /** Reads the slice. Uses the prefetched result if there is one. */
  get(at: number): Promise<CachedBytes | undefined>;
  /** Whether `get` can return the slice without waiting. */
  isReady(at: number): boolean;
  /** Whether the cache has the block; `undefined` if the cache can't tell. */
  has(at: number): boolean | undefined;
  /** Starts to read the slice while earlier bytes are sent. Closes an earlier prefetch that was not used. */
  prefetch(at: number): void;
  /** Closes a prefetch that was not used. */
  close(): void;
}

/**
 * Creates a view of the cache for one body.
 *
 * @param span the bytes of the body, half-open
 * @param blockSize in bytes
 */
export function cachedSlices(
  cache: ResilientCache,
  object: ObjectVersion,
  span: Span,
  blockSize: number,
): CachedSlices {
  let prefetched: { readonly at: number; readonly bytes: Promise<CachedBytes | undefined> } | undefined;
  /** The result of the prefetch; `undefined` while it is pending. */
  let settled: { readonly bytes: CachedBytes | undefined } | undefined;

  const indexOf = (at: number) => Math.floor(at / blockSize);
  const part = (at: number) => partOf({ start: at, end: span.end }, indexOf(at), blockSize);
  const peek = (at: number) => cache.peek(object, indexOf(at), part(at));

  function close(): void {
    prefetched?.bytes.then(discard, () => undefined);
    prefetched = undefined;
  }

  return {
    peek,
    async get(at) {
      const bytes = prefetched?.at === at ? prefetched.bytes : undefined;
      if (bytes !== undefined) prefetched = undefined;
      // If the prefetch was a miss, the block may have been put since.
      return (await bytes) ?? peek(at) ?? cache.get(object, indexOf(at), part(at));
    },
    isReady: (at) => (prefetched?.at === at && settled?.bytes !== undefined) || peek(at) !== undefined,
    has: (at) => cache.has(object, indexOf(at)),
    prefetch(at) {
      // One prefetch at a time, so that a slow cache gets one pending read per body and not one per block.
      if (prefetched?.at === at || (prefetched !== undefined && settled === undefined)) return;
      close();
      if (at >= span.end || peek(at) !== undefined) return;
      const started = { at, bytes: cache.get(object, indexOf(at), part(at)) };
      prefetched = started;
      settled = undefined;
      void started.bytes.then((bytes) => {
        if (prefetched === started) settled = { bytes };
      });
    },
    close,
  };
}
