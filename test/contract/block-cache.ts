import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockCache, BlockName } from '../../src/cache/block-cache.ts';
import { BYTES, LENGTH, NAME, WHOLE, hit, toBytes, type BlockCacheHarness } from './block-cache-blocks.ts';
import { describeNames } from './block-cache-names.ts';
import { equal, pseudoRandom } from './bytes.ts';

/** The limit of a cache, in bytes; `undefined` for caches without a known limit. */
export type BoundedHarness = ((maxBytes: number) => Promise<BlockCache>) | undefined;

/** The contract of BlockCache, run against each driver. `harness` is called once for each test, and creates an empty cache. */
export function describeBlockCache(
  name: string,
  harness: () => Promise<BlockCacheHarness>,
  bounded: BoundedHarness,
): void {
  describe(`${name} keeps the contract of BlockCache`, () => {
    describeParts(harness);
    describeNames(harness);
    describeConcurrency(harness);
    if (bounded !== undefined) describeBound(bounded);
  });
}

function describeParts(harness: () => Promise<BlockCacheHarness>): void {
  test('a block that was never put is a miss', async () => {
    const { cache } = await harness();
    expect(await cache.get(NAME, WHOLE)).toBeUndefined();
    expect(await cache.get(NAME, { start: 1, end: 2 })).toBeUndefined();
    expect(cache.peek?.(NAME, WHOLE)).toBeUndefined();
  });

  test.for([
    [0, LENGTH],
    [0, 1],
    [LENGTH - 1, LENGTH],
    [1, LENGTH],
    [0, LENGTH - 1],
    [65_535, 65_537],
    [65_536, 131_072],
    [65_536, 65_537],
    [131_071, LENGTH],
    [196_608, LENGTH],
  ] as const)('bytes %i to %i come as they were put', async ([start, end]) => {
    const { cache } = await harness();
    await cache.put(NAME, BYTES.slice());
    expect(equal(await hit(cache, NAME, { start, end }), BYTES.subarray(start, end))).toBe(true);
    // Where it tells at once, it tells the same.
    const peeked = cache.peek?.(NAME, { start, end }) ?? BYTES.subarray(start, end);
    expect(equal(peeked, BYTES.subarray(start, end))).toBe(true);
  });

  test('any slice of any block has the bytes that were put', async () => {
    const { cache } = await harness();
    const put = new Set<number>();
    const parts = fc
      .tuple(fc.constantFrom(1, 2, 65_535, 65_536, 65_537, 131_072, LENGTH), fc.nat(), fc.nat())
      .map(([length, a, b]) => ({ length, start: Math.min(a % length, b % length), end: Math.max(a, b) % length }))
      .map(({ length, start, end }) => ({ length, start, end: Math.max(start, end) + 1 }));
    await fc.assert(
      fc.asyncProperty(parts, async ({ length, start, end }) => {
        const name = { ...NAME, length };
        if (!put.has(length)) await cache.put(name, BYTES.slice(0, length));
        put.add(length);
        expect(equal(await hit(cache, name, { start, end }), BYTES.subarray(start, end))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('a block that was put twice, or again after a read, is a hit', async () => {
    const { cache } = await harness();
    await cache.put(NAME, BYTES.slice());
    await cache.put(NAME, BYTES.slice());
    expect(equal(await hit(cache, NAME, WHOLE), BYTES)).toBe(true);
    await cache.put(NAME, BYTES.slice());
    expect(equal(await hit(cache, NAME, { start: 5, end: 70_000 }), BYTES.subarray(5, 70_000))).toBe(true);
  });

  test('a block that is a view into a larger buffer is stored with its own bytes', async () => {
    const { cache } = await harness();
    const buffer = pseudoRandom(LENGTH + 20);
    await cache.put(NAME, buffer.subarray(10, LENGTH + 10));
    expect(equal(await hit(cache, NAME, WHOLE), buffer.subarray(10, LENGTH + 10))).toBe(true);
  });

  test.for([LENGTH - 1, LENGTH + 1, 0])('%i bytes for a block of another length are not stored', async (length) => {
    const { cache } = await harness();
    await cache.put(NAME, pseudoRandom(length));
    expect(await cache.get(NAME, { start: 0, end: 1 })).toBeUndefined();
    expect(await cache.get(NAME, WHOLE)).toBeUndefined();
  });

  test('a slice that is not read to its end does not affect others', async () => {
    const { cache } = await harness();
    await cache.put(NAME, BYTES.slice());
    for (let i = 0; i < 20; i++) {
      const part = await cache.get(NAME, WHOLE);
      if (part instanceof ReadableStream) await part.cancel();
    }
    expect(equal(await hit(cache, NAME, WHOLE), BYTES)).toBe(true);
  });
}

function describeConcurrency(harness: () => Promise<BlockCacheHarness>): void {
  test('a block that is put many times at once is a hit', async () => {
    const { cache } = await harness();
    await Promise.all(Array.from({ length: 10 }, () => cache.put(NAME, BYTES.slice())));
    expect(equal(await hit(cache, NAME, WHOLE), BYTES)).toBe(true);
  });

  test('while blocks are put, a get is a miss or the right bytes; afterwards it is a hit', async () => {
    const { cache } = await harness();
    const names = Array.from({ length: 6 }, (_, index) => ({ ...NAME, index, length: 100_000 }));
    const bytesOf = ({ index }: BlockName) => BYTES.slice(index, index + 100_000);
    const part = { start: 60_000, end: 90_000 };
    const look = async (name: BlockName) => {
      const bytes = await toBytes(await cache.get(name, part));
      return bytes === undefined || equal(bytes, bytesOf(name).subarray(part.start, part.end));
    };
    const looks: Promise<boolean>[] = [];
    const puts = names.map(async (name) => {
      looks.push(look(name));
      const put = cache.put(name, bytesOf(name));
      looks.push(look(name));
      await put;
      looks.push(look(name));
    });
    await Promise.all(puts);
    expect(await Promise.all(looks)).not.toContain(false);
    const hits = await Promise.all(names.map((name) => hit(cache, name, part)));
    expect(hits.every((bytes, i) => equal(bytes, BYTES.subarray(i + part.start, i + part.end)))).toBe(true);
  });

  test('many slices of one block can be read at once', async () => {
    const { cache } = await harness();
    await cache.put(NAME, BYTES.slice());
    const parts = Array.from({ length: 50 }, (_, i) => ({ start: i * 4_000, end: i * 4_000 + 4_001 }));
    // In threes: workerd lets one request have six connections.
    for (let i = 0; i < parts.length; i += 3)
      await Promise.all(
        parts
          .slice(i, i + 3)
          .map(async (part) =>
            expect(equal(await hit(cache, NAME, part), BYTES.subarray(part.start, part.end))).toBe(true),
          ),
      );
  });
}

function describeBound(bounded: NonNullable<BoundedHarness>): void {
  const length = 100_000;
  const block = (index: number) => ({ ...NAME, index, length });
  const put = (cache: BlockCache, index: number) => cache.put(block(index), BYTES.slice(index, index + length));
  const has = async (cache: BlockCache, index: number) => {
    const bytes = await toBytes(await cache.get(block(index), { start: 0, end: length }));
    if (bytes !== undefined) expect(equal(bytes, BYTES.subarray(index, index + length))).toBe(true);
    return bytes !== undefined;
  };

  test('the least recently used blocks are evicted if the cache is full', async () => {
    const cache = await bounded(3.5 * length);
    for (const index of [0, 1, 2]) await put(cache, index);
    expect(await has(cache, 0)).toBe(true);
    await put(cache, 3);
    // 1 was the oldest, as 0 was used. Each look is a use too, so the order is 2, 3, 0 from here on.
    expect(await has(cache, 1)).toBe(false);
    for (const index of [2, 3, 0]) expect(await has(cache, index)).toBe(true);
    await put(cache, 4);
    await put(cache, 5);
    expect([await has(cache, 2), await has(cache, 3)]).toEqual([false, false]);
    for (const index of [0, 4, 5]) expect(await has(cache, index)).toBe(true);
  });

  test('a block that is put again counts once, as just used', async () => {
    const cache = await bounded(3.5 * length);
    for (const index of [0, 1, 2, 0, 0, 0]) await put(cache, index);
    await put(cache, 3);
    expect(await has(cache, 1)).toBe(false);
    for (const index of [0, 2, 3]) expect(await has(cache, index)).toBe(true);
  });

  test('a block larger than the cache is not stored, and evicts no other', async () => {
    const cache = await bounded(LENGTH - 1);
    await put(cache, 0);
    await cache.put({ ...NAME, key: 'large' }, BYTES.slice());
    expect(await cache.get({ ...NAME, key: 'large' }, WHOLE)).toBeUndefined();
    expect(await has(cache, 0)).toBe(true);
  });

  test('of more blocks at once than fit, as many as fit are stored', async () => {
    const cache = await bounded(3.5 * length);
    const indices = Array.from({ length: 12 }, (_, index) => index);
    await Promise.all(indices.map((index) => put(cache, index)));
    const kept = await Promise.all(indices.map((index) => has(cache, index)));
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(3);
    await put(cache, 20);
    expect(await has(cache, 20)).toBe(true);
  });

  test('small blocks count with their overhead', async () => {
    const cache = await bounded(100_000);
    const names = Array.from({ length: 500 }, (_, index) => ({ ...NAME, index, length: 1 }));
    for (const name of names) await cache.put(name, BYTES.slice(0, 1));
    const kept = await Promise.all(
      names.map(async (name) => (await cache.get(name, { start: 0, end: 1 })) !== undefined),
    );
    expect(kept.lastIndexOf(true)).toBe(499);
    expect(kept.filter(Boolean).length).toBeLessThan(250);
  });
}
