import { LRUCache } from 'lru-cache';
import { spanLength, type Span } from '../../http/index.ts';
import type { BlockCache, BlockName } from '../block-cache.ts';
import { memoryCache, type MemoryCacheOptions } from './memory.ts';

/** Bytes of a unit: what is kept in memory of a block that the larger cache has. */
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
export function withMemoryTier(cache: BlockCache, options: MemoryCacheOptions): BlockCache {
  const memory = memoryCache(options);
  const readOnce = new LRUCache<string, true>({ max: Math.max(1, Math.floor(options.maxBytes / UNIT)) });

  function peek(name: BlockName, part: Span): Uint8Array | undefined {
    const whole = memory.peek?.(wholeName(name), part);
    if (whole !== undefined) return whole;
    const units = unitsOf(name, part);
    return units === undefined ? undefined : joined(units, part, (unit, within) => memory.peek?.(unit, within));
  }

  /** Notes that these units are read. @returns whether all of them were before */
  function wereRead(units: readonly Unit[]): boolean {
    let all = true;
    for (const { name } of units) {
      const { scope, key, etag, index } = name;
      const id = `${index} ${scope.length} ${key.length} ${scope}${key}${etag}`;
      all = readOnce.has(id) && all;
      readOnce.set(id, true);
    }
    return all;
  }

  /** Reads whole units from the larger cache, and keeps them. */
  async function readUnits(name: BlockName, part: Span, units: readonly Unit[]): Promise<Uint8Array | undefined> {
    const start = units[0]?.span.start ?? 0;
    const end = units.at(-1)?.span.end ?? 0;
    const cached = await cache.get(name, { start, end });
    if (cached === undefined) return undefined;
    const bytes = cached instanceof Uint8Array ? cached : await new Response(cached).bytes();
    if (bytes.length !== end - start) return undefined;
    for (const unit of units)
      await memory.put(unit.name, bytes.subarray(unit.span.start - start, unit.span.end - start));
    return bytes.subarray(part.start - start, part.end - start);
  }

  const { has, attach } = cache;
  return {
    timeout: cache.timeout,
    peek: (name, part) => peek(name, part) ?? cache.peek?.(name, part),
    async get(name, part) {
      const bytes = peek(name, part);
      if (bytes !== undefined) return bytes;
      const units = unitsOf(name, part);
      return units !== undefined && wereRead(units) ? readUnits(name, part, units) : cache.get(name, part);
    },
    ...(has && { has: (name) => memory.has?.(wholeName(name)) === true || cache.has?.(name) === true }),
    ...(attach && { attach: (scope, read) => cache.attach?.(scope, read) }),
    async put(name, bytes) {
      await Promise.all([memory.put(wholeName(name), bytes), cache.put(name, bytes)]);
    },
  };
}

interface Unit {
  /** As that of a block. */
  readonly name: BlockName;
  /** Bytes of the block. */
  readonly span: Span;
}

/** The units that a part touches; `undefined` where they are too many. */
function unitsOf(name: BlockName, part: Span): readonly Unit[] | undefined {
  const first = Math.floor(part.start / UNIT);
  const count = Math.ceil(part.end / UNIT) - first;
  if (count > MOST_UNITS) return undefined;
  return Array.from({ length: count }, (_, i) => {
    const start = (first + i) * UNIT;
    const span = { start, end: Math.min(start + UNIT, name.length) };
    return { name: within(name, `${first + i}`, spanLength(span)), span };
  });
}

function wholeName(name: BlockName): BlockName {
  return within(name, '', name.length);
}

/** The name of a part of a block, or of all of it, which no other part of any block has. */
function within({ scope, key, etag, blockSize, index }: BlockName, which: string, length: number): BlockName {
  return { scope: `${which}:${scope}`, key, etag, blockSize, index, length };
}

/** A part out of its units, copied where they are several; `undefined` where one is not there. */
function joined(
  units: readonly Unit[],
  part: Span,
  take: (name: BlockName, within: Span) => Uint8Array | undefined,
): Uint8Array | undefined {
  let whole: Uint8Array | undefined;
  for (const { name, span } of units) {
    const start = Math.max(part.start, span.start);
    const end = Math.min(part.end, span.end);
    const bytes = take(name, { start: start - span.start, end: end - span.start });
    if (bytes === undefined || units.length === 1) return bytes;
    whole ??= Buffer.allocUnsafeSlow(spanLength(part));
    whole.set(bytes, start - part.start);
  }
  return whole;
}
