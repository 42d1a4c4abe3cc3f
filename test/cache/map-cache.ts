import type { BlockCache, BlockName } from '../../src/cache/block-cache.ts';

/** A cache over a Map, without eviction, with its blocks exposed. */
export function mapCache(): BlockCache & { readonly blocks: ReadonlyMap<string, Uint8Array> } {
  const blocks = new Map<string, Uint8Array>();
  const nameOf = ({ scope, key, etag, blockSize, index, length }: BlockName) =>
    JSON.stringify([scope, key, etag, blockSize, index, length]);
  return {
    blocks,
    get: async (name, { start, end }) => blocks.get(nameOf(name))?.subarray(start, end),
    has: (name) => blocks.has(nameOf(name)),
    put: async (name, bytes) => void blocks.set(nameOf(name), bytes),
  };
}
