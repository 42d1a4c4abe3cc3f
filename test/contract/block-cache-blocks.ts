import type { BlockCache, BlockName, CachedBytes } from '../../src/cache/block-cache.ts';
import type { Span } from '../../src/http/index.ts';
import { pseudoRandom } from './bytes.ts';

/** A cache under test, in which everything that the suite puts has room, unless it is made with `bounded`. */
export interface BlockCacheHarness {
  readonly cache: BlockCache;
}

/** Larger than a page of the driver on disk, and not a multiple of it. */
export const LENGTH = 200_001;
export const BYTES = pseudoRandom(LENGTH);
export const WHOLE: Span = { start: 0, end: LENGTH };

export const NAME: BlockName = {
  scope: 'bucket',
  key: 'file.bin',
  etag: 'abc',
  blockSize: 1024 * 1024,
  index: 0,
  length: LENGTH,
};

export async function hit(cache: BlockCache, name: BlockName, part: Span): Promise<Uint8Array> {
  const bytes = await toBytes(await cache.get(name, part));
  if (bytes === undefined) throw new Error('it is a miss');
  return bytes;
}

export async function toBytes(cached: CachedBytes | undefined): Promise<Uint8Array | undefined> {
  if (cached === undefined) return undefined;
  // A plain array, for the matcher: the disk gives a Buffer.
  return cached instanceof Uint8Array ? new Uint8Array(cached) : new Response(cached).bytes();
}
