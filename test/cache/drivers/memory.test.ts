import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../../src/cache/drivers/memory.ts';
import { describeBlockCache } from '../../contract/block-cache.ts';

describeBlockCache(
  'memory',
  async () => ({ cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }) }),
  async (maxBytes) => memoryCache({ maxBytes }),
);

const NAME = { scope: 's', key: 'k', etag: 'e', blockSize: 1000, index: 0, length: 1000 };

describe('memoryCache', () => {
  test('returns views of the block, not copies', async () => {
    const cache = memoryCache({ maxBytes: 10_000 });
    const bytes = new Uint8Array(1000);
    await cache.put(NAME, bytes);
    const part = await cache.get(NAME, { start: 10, end: 20 });
    expect(part instanceof Uint8Array && part.buffer === bytes.buffer && part.byteOffset).toBe(10);
  });

  test.for([
    ['array', new Uint8Array(1_000_000)],
    ['Buffer', Buffer.from(new ArrayBuffer(1_000_000))],
  ] as const)('keeps no larger buffer alive than it counts: a part of an %s', async ([, large]) => {
    const cache = memoryCache({ maxBytes: 10_000 });
    await cache.put(NAME, large.subarray(5, 1005));
    const part = await cache.get(NAME, { start: 10, end: 20 });
    expect(part instanceof Uint8Array && part.buffer.byteLength).toBe(1000);
  });

  test('a block with a transferred buffer is a miss, and can be put again', async () => {
    const cache = memoryCache({ maxBytes: 10_000 });
    const bytes = new Uint8Array(1000);
    await cache.put(NAME, bytes);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(await cache.get(NAME, { start: 0, end: 1 })).toBeUndefined();
    expect(cache.bytes).toBe(0);
    await cache.put(NAME, new Uint8Array(1000).fill(7));
    expect(await cache.get(NAME, { start: 999, end: 1000 })).toEqual(Uint8Array.of(7));
  });

  test('reports its size, and never exceeds maxBytes', async () => {
    const cache = memoryCache({ maxBytes: 10_000 });
    expect(cache.bytes).toBe(0);
    for (let index = 0; index < 20; index++) {
      await cache.put({ ...NAME, index }, new Uint8Array(1000));
      expect(cache.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(cache.bytes).toBeGreaterThan(6_000);
  });

  test.for([0, -1, 1.5, Number.NaN])('maxBytes %d is refused', (maxBytes) => {
    expect(() => memoryCache({ maxBytes })).toThrow(TypeError);
  });
});
