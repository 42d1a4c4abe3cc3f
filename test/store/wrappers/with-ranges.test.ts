import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../../src/cache/drivers/memory.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** A custom store that ignores ranges and always returns the whole object. */
async function rangeless(): Promise<ObjectStore> {
  const memory = memoryStore();
  await memory.put('key', BYTES);
  return {
    head: (key, options) => memory.head(key, options),
    read: (key, options) => memory.read(key, { ...options, range: undefined }),
  };
}

const RANGES = [
  ['bytes=0-99', 0, 100],
  ['bytes=100000-100099', 100_000, 100_100],
  ['bytes=60000-200000', 60_000, 200_001],
  ['bytes=250000-', 250_000, 300_000],
  ['bytes=-7', 299_993, 300_000],
] as const;

describe('a store without ranges', () => {
  test.each(RANGES)('%s gets the range, cut out of the whole object', async (range, start, end) => {
    const gateway = createGateway({ store: await rangeless(), observers: [{ end: () => undefined }] });
    const response = await gateway.request('/key', { headers: { Range: range } });
    expect([response.status, response.headers.get('Content-Range')]).toEqual([206, `bytes ${start}-${end - 1}/300000`]);
    expect(Buffer.from(await response.arrayBuffer()).equals(BYTES.subarray(start, end))).toBe(true);
  });

  test('a range beyond the end is 416', async () => {
    const gateway = createGateway({ store: await rangeless(), observers: [{ end: () => undefined }] });
    const response = await gateway.request('/key', { headers: { Range: 'bytes=300000-' } });
    expect([response.status, response.headers.get('Content-Range')]).toEqual([416, 'bytes */300000']);
  });

  test('a range that begins beyond 64 MiB gets the whole object, as 200', async () => {
    const size = 65 * 1024 * 1024;
    const memory = memoryStore();
    await memory.put('key', new Uint8Array(size));
    const store: ObjectStore = {
      head: (key, options) => memory.head(key, options),
      read: (key, options) => memory.read(key, { ...options, range: undefined }),
    };
    const response = await createGateway({ store, observers: [{ end: () => undefined }] }).request('/key', {
      headers: { Range: 'bytes=-10' },
    });
    expect([response.status, response.headers.get('Content-Length')]).toEqual([200, String(size)]);
    await response.body?.cancel();
  });

  test.each(RANGES)('%s gets the range through a block cache, cold and warm', async (range, start, end) => {
    const cache = memoryCache({ maxBytes: 16 * 1024 * 1024 });
    const gateway = createGateway({
      store: await rangeless(),
      observers: [{ end: () => undefined }],
      cache,
      blocks: { size: 65_536 },
    });
    for (let round = 0; round < 3; round++) {
      const response = await gateway.request('/key', { headers: { Range: range } });
      expect([response.status, response.headers.get('Content-Range')]).toEqual([
        206,
        `bytes ${start}-${end - 1}/300000`,
      ]);
      expect(Buffer.from(await response.arrayBuffer()).equals(BYTES.subarray(start, end))).toBe(true);
    }
  });

  test('the whole object is served from cached blocks', async () => {
    const cache = memoryCache({ maxBytes: 16 * 1024 * 1024 });
    const gateway = createGateway({
      store: await rangeless(),
      observers: [{ end: () => undefined }],
      cache,
      blocks: { size: 65_536 },
    });
    for (let round = 0; round < 2; round++) {
      const response = await gateway.request('/key');
      expect(Buffer.from(await response.arrayBuffer()).equals(BYTES)).toBe(true);
    }
  });
});
