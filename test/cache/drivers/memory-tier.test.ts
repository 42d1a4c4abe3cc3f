import { describe, expect, test } from 'vitest';
import type { BlockCache, BlockName } from '../../../src/cache/block-cache.ts';
import { withMemoryTier } from '../../../src/cache/drivers/memory-tier.ts';
import { memoryCache } from '../../../src/cache/drivers/memory.ts';
import type { Span } from '../../../src/http/index.ts';
import { toBytes } from '../../contract/block-cache-blocks.ts';
import { describeBlockCache } from '../../contract/block-cache.ts';
import { equal, pseudoRandom } from '../../contract/bytes.ts';
import { MIB, makeCache } from './disk-folder.ts';

describeBlockCache(
  'a tier in memory before the disk',
  async () => ({ cache: withMemoryTier((await makeCache()).cache, { maxBytes: 4 * MIB }) }),
  undefined,
);

describeBlockCache(
  'a tier in memory that holds next to nothing',
  async () => ({ cache: withMemoryTier((await makeCache()).cache, { maxBytes: 1 }) }),
  undefined,
);

const UNIT = 64 * 1024;
const BLOCK = pseudoRandom(MIB);

function block(index: number): BlockName {
  return { scope: 's', key: 'k', etag: 'e', blockSize: MIB, index, length: MIB };
}

/** A memory tier before a cache that holds all blocks, with a record of the slices read from that cache. */
async function makeTier(maxBytes: number, blocks: number) {
  const asked: Span[] = [];
  const behind = memoryCache({ maxBytes: 1024 * MIB });
  const larger: BlockCache = {
    put: (name, bytes) => behind.put(name, bytes),
    get(name, part) {
      asked.push(part);
      return behind.get(name, part);
    },
  };
  for (let index = 0; index < blocks; index++) await larger.put(block(index), BLOCK);
  const tier = withMemoryTier(larger, { maxBytes });
  const read = async (index: number, part: Span) => {
    const bytes = await toBytes(await tier.get(block(index), part));
    expect(bytes !== undefined && equal(bytes, BLOCK.subarray(part.start, part.end))).toBe(true);
  };
  return { tier, read, asked };
}

describe('the memory tier keeps', () => {
  test('a block that was put, and does not read the larger cache for it', async () => {
    const { tier, read, asked } = await makeTier(2 * MIB, 0);
    await tier.put(block(0), BLOCK);
    await read(0, { start: 5, end: MIB });
    expect(equal(tier.peek?.(block(0), { start: 7, end: 90_000 }) ?? BLOCK, BLOCK.subarray(7, 90_000))).toBe(true);
    expect(asked).toEqual([]);
  });

  test('a whole unit when it is read the second time', async () => {
    const { tier, read, asked } = await makeTier(MIB, 1);
    await read(0, { start: UNIT + 100, end: UNIT + 116 });
    expect(tier.peek?.(block(0), { start: UNIT + 100, end: UNIT + 116 })).toBeUndefined();
    await read(0, { start: UNIT + 5, end: UNIT + 6 });
    await read(0, { start: UNIT + 1000, end: 2 * UNIT });
    expect(asked).toEqual([
      { start: UNIT + 100, end: UNIT + 116 },
      { start: UNIT, end: 2 * UNIT },
    ]);
  });

  test('the units of a slice across several, and of the last block of an object', async () => {
    const { tier, read, asked } = await makeTier(MIB, 1);
    const part = { start: UNIT - 10, end: 2 * UNIT + 10 };
    await read(0, part);
    await read(0, part);
    await read(0, part);
    await read(0, { start: 3 * UNIT - 1, end: 3 * UNIT });
    expect(asked).toEqual([part, { start: 0, end: 3 * UNIT }]);
    expect(tier.peek?.(block(0), { start: 0, end: 3 * UNIT + 1 })).toBeUndefined();
  });

  test('nothing of long slices, even if they are read often', async () => {
    const { read, asked } = await makeTier(2 * MIB, 1);
    for (let i = 0; i < 4; i++) await read(0, { start: 0, end: MIB });
    expect(asked).toHaveLength(4);
  });

  test('units that are read often, when others are read once', async () => {
    const { read, asked } = await makeTier(MIB, 32);
    const hot = { start: 0, end: 1000 };
    await read(0, hot);
    await read(0, hot);
    for (let index = 1; index < 32; index++) {
      for (let unit = 0; unit < 16; unit++) await read(index, { start: unit * UNIT, end: unit * UNIT + 1 });
    }
    asked.length = 0;
    await read(0, hot);
    expect(asked).toEqual([]);
  });

  test('no list of its own: it has a block if either cache has it, and reports the size if the larger one does', async () => {
    const { cache } = await makeCache();
    const tier = withMemoryTier(cache, { maxBytes: MIB });
    expect(tier.has?.(block(0))).toBe(false);
    await tier.put(block(0), BLOCK);
    expect(tier.has?.(block(0))).toBe(true);
    expect((await makeTier(MIB, 1)).tier.has).toBeUndefined();
  });

  test('its size as a positive whole number of bytes; others are refused', () => {
    for (const maxBytes of [0, -1, 1.5, Number.NaN])
      expect(() => withMemoryTier(memoryCache({ maxBytes: 1 }), { maxBytes })).toThrow(TypeError);
  });
});
