import { LRUCache } from 'lru-cache';
import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';
import { lruBytes, memoryId, type MemoryCacheOptions } from './memory.ts';

/** Size of a unit, in bytes: the piece of a block of the larger cache that is kept in memory. */
const UNIT = 64 * 1024;

/** Units of a part that may be kept. Longer parts belong to large downloads, which would evict everything else. */
const MAX_UNITS = 4;

/**
 * Puts a small cache in memory in front of a larger one. A block that is put goes to both.
 *
 * Of the blocks that are read from the larger cache, units of 64 KiB are kept in memory, at their second read within as
 * many other units as the memory has room for. A single read is not enough: most units of an object much larger than the
 * memory are evicted before they are read again. Whole blocks are not kept: that would be 1 MiB for a read of 64 KiB.
 *
 * @param cache the larger cache; its `timeout` applies
 * @param options `maxBytes` of the memory, counted as for `memoryCache`
 * @throws TypeError if `maxBytes` is not a whole number above 0
 *
 * @example
 * import { diskCache, withMemoryTier } from 'rangeway/node';
 *
 * const disk = diskCache({ folder: '/var/cache/rangeway', maxBytes: 100 * 1024 ** 3 });
 * const cache = withMemoryTier(disk, { maxBytes: 512 * 1024 ** 2 });
 */
export function withMemoryTier(cache: BlockCache, { maxBytes }: MemoryCacheOptions): BlockCache {
  const memory = lruBytes(maxBytes);
  /** The units that were read, by id; at most as many as the memory has room for. */
  const accessed = new LRUCache<string, true>({ max: Math.max(1, Math.floor(maxBytes / UNIT)) });

  function peek(name: BlockName, part: Span): Uint8Array | undefined {
    const id = memoryId(name);
    const block = memory.get(id, name.length);
    if (block !== undefined) return block.subarray(part.start, part.end);
    const first = Math.floor(part.start / UNIT);
    const last = Math.floor((part.end - 1) / UNIT);
    if (first === last) return getUnit(id, name, first)?.subarray(part.start - first * UNIT, part.end - first * UNIT);
    return last - first < MAX_UNITS ? joinUnits(id, name, first, last, part) : undefined;
  }

  function getUnit(id: string, { length }: BlockName, unit: number): Uint8Array | undefined {
    return memory.get(unitId(id, unit), Math.min(UNIT, length - unit * UNIT));
  }

  /** Copies a part out of several units; `undefined` if one of them is not in memory. */
  function joinUnits(id: string, name: BlockName, first: number, last: number, part: Span): Uint8Array | undefined {
    for (let unit = first; unit <= last; unit++) if (!memory.has(unitId(id, unit))) return undefined;
    const joined = new Uint8Array(spanLength(part));
    for (let unit = first; unit <= last; unit++) {
      const origin = unit * UNIT;
      const bytes = getUnit(id, name, unit)?.subarray(Math.max(0, part.start - origin), part.end - origin);
      if (bytes === undefined) return undefined;
      joined.set(bytes, Math.max(part.start, origin) - part.start);
    }
    return joined;
  }

  /** Records an access to each unit. @returns whether all of them were in the history */
  function recordAccess(id: string, first: number, last: number): boolean {
    let wereAccessed = true;
    for (let unit = first; unit <= last; unit++) {
      wereAccessed = accessed.has(unitId(id, unit)) && wereAccessed;
      accessed.set(unitId(id, unit), true);
    }
    return wereAccessed;
  }

  /** Reads whole units from the larger cache, and keeps them in memory. */
  async function readUnits(name: BlockName, first: number, last: number, part: Span): Promise<Uint8Array | undefined> {
    const start = first * UNIT;
    const end = Math.min((last + 1) * UNIT, name.length);
    const cached = await cache.get(name, { start, end });
    if (cached === undefined) return undefined;
    const bytes = cached instanceof Uint8Array ? cached : await new Response(cached).bytes();
    if (bytes.length !== end - start) return undefined;
    const id = memoryId(name);
    for (let unit = first; unit <= last; unit++) {
      const at = unit * UNIT - start;
      memory.set(unitId(id, unit), bytes.subarray(at, at + UNIT));
    }
    return bytes.subarray(part.start - start, part.end - start);
  }

  return {
    timeout: cache.timeout,
    peek: (name, part) => peek(name, part) ?? cache.peek?.(name, part),
    async get(name, part) {
      const bytes = peek(name, part);
      if (bytes !== undefined) return bytes;
      const first = Math.floor(part.start / UNIT);
      const last = Math.floor((part.end - 1) / UNIT);
      const isAdmitted = last - first < MAX_UNITS && recordAccess(memoryId(name), first, last);
      return isAdmitted ? readUnits(name, first, last, part) : cache.get(name, part);
    },
    ...(cache.has && { has: (name) => memory.has(memoryId(name)) || cache.has?.(name) === true }),
    ...(cache.attach && { attach: (scope, read) => cache.attach?.(scope, read) }),
    async put(name, bytes) {
      if (bytes.length === name.length) memory.set(memoryId(name), bytes);
      await cache.put(name, bytes);
    },
  };
}

/** Returns the id of a unit. It differs from the id of any block, which begins with a digit. */
function unitId(id: string, unit: number): string {
  return `u${unit} ${id}`;
}
