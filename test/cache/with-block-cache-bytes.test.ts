import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import type { BlockCache } from '../../src/cache/block-cache.ts';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { OpenObject, ReadOptions } from '../../src/store/object-store.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted } from '../store/counted-store.ts';

const KiB = 1024;
const BLOCK = 1024 * KiB;
const bytes = pseudoRandom(3 * BLOCK);

async function setUp(cache: BlockCache = memoryCache({ maxBytes: 2 ** 30 })) {
  const memory = memoryStore();
  await memory.put('key', bytes);
  const storage = counted(memory);
  const store = withBlockCache(storage, cache, { blockSize: BLOCK });
  const open = async (start: number, end: number, options: ReadOptions = {}): Promise<OpenObject> => {
    const result = await store.read('key', { range: { form: 'bounded', start, end }, ...options });
    if (result.type !== 'open') throw new Error(result.type);
    return result;
  };
  const { body } = await open(0, bytes.length);
  await new Response(body).arrayBuffer();
  storage.operations = 0;
  return { memory, storage, open };
}

describe('a small read from memory', () => {
  test.for([
    ['the first', 0, 1],
    ['a whole block', 0, 256 * KiB],
    ['from the middle', 1_000_000, 1_000_016],
    ['across two blocks', BLOCK - 10, BLOCK + 20],
    ['the end of a block, and no more', BLOCK - 10, BLOCK],
    ['the last', bytes.length - 1, bytes.length],
  ] as const)('%s are there at once, and as a body', async ([, start, end]) => {
    const { storage, open } = await setUp();
    const wanted = bytes.subarray(start, end);
    expect(equal((await open(start, end)).bytes ?? new Uint8Array(0), wanted)).toBe(true);
    const body = new Uint8Array(await new Response((await open(start, end)).body).arrayBuffer());
    expect(equal(body, wanted)).toBe(true);
    expect(storage.operations).toBe(0);
  });

  test('a larger read has only a body, without `bytes`', async () => {
    const { open } = await setUp();
    const opened = await open(10, 11 + 256 * KiB);
    expect(opened.bytes).toBeUndefined();
    const body = new Uint8Array(await new Response(opened.body).arrayBuffer());
    expect(equal(body, bytes.subarray(10, 11 + 256 * KiB))).toBe(true);
  });

  test('bytes of a wrong length from the cache are not used', async () => {
    for (const off of [-1, 1]) {
      const kept = memoryCache({ maxBytes: 2 ** 30 });
      const { open } = await setUp({
        ...kept,
        peek: (name, { start, end }) => kept.peek?.(name, { start, end: end + off }),
      });
      const body = new Uint8Array(await new Response((await open(BLOCK - 10, BLOCK + 20)).body).arrayBuffer());
      expect(equal(body, bytes.subarray(BLOCK - 10, BLOCK + 20))).toBe(true);
    }
  });
});
