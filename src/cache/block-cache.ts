import type { Span } from '../http/index.ts';

/** Identifies one block of one version of an object. Two blocks with the same name always have the same bytes. */
export interface BlockName {
  /** Namespace of the keys: separates the buckets or mounts that share a cache. */
  readonly scope: string;
  readonly key: string;
  /** The opaque part of the version's strong entity tag. */
  readonly etag: string;
  /** Block size of the grid, in bytes. Every block of an object except the last has this length. */
  readonly blockSize: number;
  /** Position in the grid, from 0. */
  readonly index: number;
  /** Length of this block, in bytes. */
  readonly length: number;
}

/**
 * Bytes read from a cache: an array in memory, which the caller must not change, or a stream of exactly those bytes.
 * The stream may be a `chunkStream` whose chunks lie in reusable memory.
 */
export type CachedBytes = Uint8Array | ReadableStream<Uint8Array>;

/**
 * Stores blocks. It may evict a block at any time and may fail in any way: `withBlockCache` then reads the storage, so
 * the type of an error does not matter.
 */
export interface BlockCache {
  /**
   * Reads a part of a block.
   *
   * @param part half-open, in bytes from the block's start; not empty
   * @returns exactly the bytes that were put; `undefined` on a miss
   */
  get(name: BlockName, part: Span): Promise<CachedBytes | undefined>;
  /** Like `get`, but synchronous: reads only from memory. Omitted by caches that keep no block in memory. */
  peek?(name: BlockName, part: Span): Uint8Array | undefined;
  /**
   * Whether the cache probably has the block, without I/O. A read of the storage ends before blocks that the cache has.
   * Omitted by caches that can't tell without I/O.
   */
  has?(name: BlockName): boolean;
  /**
   * Stores a block. Resolves when `get` can return it.
   *
   * @param bytes exactly `name.length` bytes, which the caller does not change afterwards
   */
  put(name: BlockName, bytes: Uint8Array): Promise<void>;
  /** The timeout of one call, in ms. By default a second. */
  readonly timeout?: number | undefined;
  /** Called once for each scope, before the first `get`, with a function that reads blocks. For read-through caches. */
  attach?(scope: string, read: BlockReader): void;
}

/**
 * Reads a block from the storage.
 *
 * @returns exactly the block's bytes; `undefined` if that version is not available
 */
export type BlockReader = (name: BlockName) => Promise<ReadableStream<Uint8Array> | undefined>;
