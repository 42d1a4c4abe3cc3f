import type { Span } from '../http/index.ts';

/** Which block of which version of which object. Two blocks with the same name have the same bytes, for ever. */
export interface BlockName {
  /** What the keys are of: tells buckets and mounts apart that share a cache. */
  readonly scope: string;
  readonly key: string;
  /** The opaque part of the version's strong tag. */
  readonly etag: string;
  /** Of the grid, in bytes; all blocks but an object's last have it. */
  readonly blockSize: number;
  /** From 0. */
  readonly index: number;
  /** Bytes of this block. */
  readonly length: number;
}

/**
 * Bytes out of a cache: in memory, for nobody to change, or a stream of exactly those bytes. A stream may be one of
 * `chunkStream` whose bytes are lent.
 */
export type CachedBytes = Uint8Array | ReadableStream<Uint8Array>;

/**
 * Keeps blocks for as long as it likes. It may fail in any way: whoever reads through it then reads the storage, so
 * nothing is thrown that has to be told apart.
 */
export interface BlockCache {
  /**
   * A part of a block; `undefined` where the cache does not have it, complete and as it was put.
   *
   * @param part inside the block, half-open, in bytes from the block's start; not empty
   */
  get(name: BlockName, part: Span): Promise<CachedBytes | undefined>;
  /** The same, where it is in memory and needs no waiting for. Left out by caches that keep nothing there. */
  peek?(name: BlockName, part: Span): Uint8Array | undefined;
  /**
   * Whether it has the block, as far as it can tell at once: a guess, by which a read of the storage ends before blocks
   * that need not be read. Left out by caches that would have to ask.
   */
  has?(name: BlockName): boolean;
  /** Keeps a block, of exactly `name.length` bytes, which nobody changes afterwards. Resolves when it can be got. */
  put(name: BlockName, bytes: Uint8Array): Promise<void>;
  /** How long it may take to answer, in ms. By default a second. */
  readonly timeout?: number | undefined;
  /** Called for each scope, by whoever reads through it, before anything is got. Of use to a cache that fills itself. */
  attach?(scope: string, read: BlockReader): void;
}

/** Reads a block from the storage: exactly its bytes, or an error; `undefined` where that version is not to be had. */
export type BlockReader = (name: BlockName) => Promise<ReadableStream<Uint8Array> | undefined>;
