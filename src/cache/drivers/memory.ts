import { LRUCache } from 'lru-cache';
import type { Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';

export interface MemoryCacheOptions {
  /** Of all blocks together, in bytes; a block counts with its name and {@link ENTRY_BYTES}. At least 1. */
  readonly maxBytes: number;
}

/** A cache in the memory of the process or isolate. */
export interface MemoryCache extends BlockCache {
  /** What is held, counted as `maxBytes` counts. */
  readonly bytes: number;
}

/** What an entry takes besides its block and its name: 390 to 480 were measured. A million small objects are 0.5 GB. */
const ENTRY_BYTES = 512;

/** Bytes in memory by an id; those that were not used for longest go where there is no room. */
export interface LruBytes {
  /** All entries together, counted with their ids and {@link ENTRY_BYTES}. */
  readonly bytes: number;
  /** @param length of the bytes that were set; a transferred buffer has no bytes any more, and is a miss */
  get(id: string, length: number): Uint8Array | undefined;
  has(id: string): boolean;
  set(id: string, bytes: Uint8Array): void;
}

/** @throws TypeError where `maxBytes` is not a whole number above 0 */
export function lruBytes(maxBytes: number): LruBytes {
  const entries = new LRUCache<string, Uint8Array>({
    maxSize: maxBytes,
    sizeCalculation: (bytes, id) => bytes.length + id.length + ENTRY_BYTES,
  });
  return {
    get bytes() {
      return entries.calculatedSize;
    },
    get(id, length) {
      const bytes = entries.get(id);
      if (bytes === undefined || bytes.length === length) return bytes;
      entries.delete(id);
      return undefined;
    },
    has: (id) => entries.has(id),
    set: (id, bytes) => void entries.set(id, alone(bytes)),
  };
}

/**
 * Makes an empty cache in memory, which forgets the blocks that were not used for longest. It gives parts of the
 * blocks themselves, not copies: whoever transfers one takes the block out of the cache with it.
 *
 * @throws TypeError where `maxBytes` is not a whole number above 0
 */
export function memoryCache({ maxBytes }: MemoryCacheOptions): MemoryCache {
  const blocks = lruBytes(maxBytes);
  const peek = (name: BlockName, { start, end }: Span) => blocks.get(memoryId(name), name.length)?.subarray(start, end);
  return {
    get bytes() {
      return blocks.bytes;
    },
    peek,
    get: async (name, part) => peek(name, part),
    has: (name) => blocks.has(memoryId(name)),
    async put(name, bytes) {
      if (bytes.length === name.length) blocks.set(memoryId(name), bytes);
    },
  };
}

/** No two names share one: what may hold any text is as long as it says. A third of what `blockId` takes. */
export function memoryId({ scope, key, etag, blockSize, index, length }: BlockName): string {
  return `${index} ${length} ${blockSize} ${scope.length} ${key.length} ${scope}${key}${etag}`;
}

/** A view would keep the whole of its buffer alive, of which only the view is counted. A Buffer's `slice` is a view too. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
