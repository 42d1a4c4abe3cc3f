import { LRUCache } from 'lru-cache';
import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';
import { lruBytes, memoryId, type MemoryCacheOptions } from './memory.ts';

/** Bytes of a unit: a piece of a block of the larger cache that is kept in memory on its own. */
const UNIT = 64 * 1024;

/** Units of a part that may be kept. Longer parts belong to downloads, which would push out everything else. */
const MOST_UNITS = 4;

/**
 * Puts a small cache in memory before a larger one. A block that is put goes to both.
 *
 * Of blocks that are read from the larger cache, units of 64 KiB are kept, and only those that are read a second time
 * within as many other units as the memory has room for. One read says nothing: of an object that is many times larger
 * than the memory, most units are pushed out before they are read again. A whole block would be 1 MiB for 64 KiB.
 *
 * @param cache the larger one; its `timeout` holds
 * @param options `maxBytes` of the memory, counted as `memoryCache` counts
 * @throws TypeError where `maxBytes` is not a whole number above 0
 */
export function withMemoryTier(cache: BlockCache, { maxBytes }: MemoryCacheOptions): BlockCache {
  const memory = lruBytes(maxBytes);
  const readOnce = new LRUCache<string, true>({ max: Math.max(1, Math.floor(maxBytes / UNIT)) });

  function peek(name: BlockName, part: Span): Uint8Array | undefined {
    const id = memoryId(name);
    const whole = memory.get(id, name.length);
    if (whole !== undefined) return whole.subarray(part.start, part.end);
    const first = Math.floor(part.start / UNIT);
    const last = Math.floor((part.end - 1) / UNIT);
    if (first === last) return unit(id, name, first)?.subarray(part.start - first * UNIT, part.end - first * UNIT);
    return last - first < MOST_UNITS ? joined(id, name, first, last, part) : undefined;
  }

  function unit(id: string, { length }: BlockName, number: number): Uint8Array | undefined {
    return memory.get(unitId(id, number), Math.min(UNIT, length - number * UNIT));
  }

  /** A part out of several units, copied; `undefined` where one is not there. */
  function joined(id: string, name: BlockName, first: number, last: number, part: Span): Uint8Array | undefined {
    for (let number = first; number <= last; number++) if (!memory.has(unitId(id, number))) return undefined;
    const whole = new Uint8Array(spanLength(part));
    for (let number = first; number <= last; number++) {
      const origin = number * UNIT;
      const bytes = unit(id, name, number)?.subarray(Math.max(0, part.start - origin), part.end - origin);
      if (bytes === undefined) return undefined;
      whole.set(bytes, Math.max(part.start, origin) - part.start);
    }
    return whole;
  }

  /** Notes that units are read. @returns whether all of them were before */
  function wereRead(id: string, first: number, last: number): boolean {
    let all = true;
    for (let number = first; number <= last; number++) {
      all = readOnce.has(unitId(id, number)) && all;
      readOnce.set(unitId(id, number), true);
    }
    return all;
  }

  /** Reads whole units from the larger cache, and keeps them. */
  async function readUnits(name: BlockName, first: number, last: number, part: Span): Promise<Uint8Array | undefined> {
    const start = first * UNIT;
    const end = Math.min((last + 1) * UNIT, name.length);
    const cached = await cache.get(name, { start, end });
    if (cached === undefined) return undefined;
    const bytes = cached instanceof Uint8Array ? cached : await new Response(cached).bytes();
    if (bytes.length !== end - start) return undefined;
    const id = memoryId(name);
    for (let number = first; number <= last; number++) {
      const at = number * UNIT - start;
      memory.set(unitId(id, number), bytes.subarray(at, at + UNIT));
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
      const isKept = last - first < MOST_UNITS && wereRead(memoryId(name), first, last);
      return isKept ? readUnits(name, first, last, part) : cache.get(name, part);
    },
    ...(cache.has && { has: (name) => memory.has(memoryId(name)) || cache.has?.(name) === true }),
    ...(cache.attach && { attach: (scope, read) => cache.attach?.(scope, read) }),
    async put(name, bytes) {
      if (bytes.length === name.length) memory.set(memoryId(name), bytes);
      await cache.put(name, bytes);
    },
  };
}

/** @param block the block's id, which begins with a digit */
function unitId(block: string, number: number): string {
  return `u${number} ${block}`;
}
