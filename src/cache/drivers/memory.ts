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

/**
 * Makes an empty cache in memory, which forgets the blocks that were not used for longest. It gives parts of the
 * blocks themselves, not copies: whoever transfers one takes the block out of the cache with it.
 *
 * @throws TypeError where `maxBytes` is not a whole number above 0
 */
export function memoryCache({ maxBytes }: MemoryCacheOptions): MemoryCache {
  const blocks = new LRUCache<string, Uint8Array>({
    maxSize: maxBytes,
    sizeCalculation: (bytes, id) => bytes.length + id.length + ENTRY_BYTES,
  });

  function peek(name: BlockName, { start, end }: Span): Uint8Array | undefined {
    const id = idOf(name);
    const bytes = blocks.get(id);
    if (bytes === undefined) return undefined;
    if (bytes.length === name.length) return bytes.subarray(start, end);
    // A transferred buffer has no bytes any more.
    blocks.delete(id);
    return undefined;
  }

  return {
    get bytes() {
      return blocks.calculatedSize;
    },
    peek,
    get: async (name, part) => peek(name, part),
    has: (name) => blocks.has(idOf(name)),
    async put(name, bytes) {
      if (bytes.length === name.length) blocks.set(idOf(name), alone(bytes));
    },
  };
}

/** No two names share one: what may hold any text is as long as it says. A third of what `blockId` takes. */
function idOf({ scope, key, etag, blockSize, index, length }: BlockName): string {
  return `${index} ${length} ${blockSize} ${scope.length} ${key.length} ${scope}${key}${etag}`;
}

/** A view would keep the whole of its buffer alive, of which only the view is counted. A Buffer's `slice` is a view too. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
