import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { workersCache, type CacheLike } from '../../src/cache/drivers/workers.ts';
import { describeBlockCache } from '../contract/block-cache.ts';

const ORIGIN = 'https://downloads.example.com';

const empty = () => caches.open(crypto.randomUUID());

describeBlockCache(
  'workers',
  async () => ({ cache: workersCache({ cache: await empty(), origin: ORIGIN }) }),
  undefined,
);

describeBlockCache(
  'memory, in workerd,',
  async () => ({ cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }) }),
  async (maxBytes) => memoryCache({ maxBytes }),
);

const NAME = { scope: 's', key: 'k', etag: 'e', blockSize: 1000, index: 0, length: 1000 };
const PART = { start: 10, end: 20 };

describe('workersCache', () => {
  test('an origin that is not a URL is refused', async () => {
    const cache = await empty();
    expect(() => workersCache({ cache, origin: 'downloads.example.com' })).toThrow(TypeError);
  });

  test('the cache URL has the origin, and is short for a name of any length', async () => {
    const asked: string[] = [];
    const cache: CacheLike = {
      match: async ({ url }) => void asked.push(url),
      put: async ({ url }) => void asked.push(url),
    };
    const blocks = workersCache({ cache, origin: `${ORIGIN}/some/path` });
    const name = { ...NAME, key: 'x'.repeat(100_000) };
    await blocks.get(name, PART);
    await blocks.put(name, new Uint8Array(1000));
    expect(asked[0]).toMatch(/^https:\/\/downloads\.example\.com\/rangeway\/blocks\/[0-9a-f]{64}$/);
    expect(asked[1]).toBe(asked[0]);
  });

  const answers: readonly (readonly [string, status: number, headers: Record<string, string>])[] = [
    ['the whole instead of the part', 200, { 'Content-Length': '1000' }],
    ['another part', 206, { 'Content-Range': 'bytes 11-20/1000', 'Content-Length': '10' }],
    ['a part of another block', 206, { 'Content-Range': 'bytes 10-19/1001', 'Content-Length': '10' }],
    ['a part of an unknown whole', 206, { 'Content-Range': 'bytes 10-19/*', 'Content-Length': '10' }],
    ['less than it says', 206, { 'Content-Range': 'bytes 10-19/1000', 'Content-Length': '9' }],
    ['no length', 206, { 'Content-Range': 'bytes 10-19/1000' }],
    ['a part without saying which', 206, { 'Content-Length': '10' }],
    ['an error', 500, { 'Content-Range': 'bytes 10-19/1000', 'Content-Length': '10' }],
  ];
  test.for(answers)('a cache response of %s is a miss, and its body is cancelled', async ([, status, headers]) => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    const cache: CacheLike = { match: async () => new Response(body, { status, headers }), put: async () => undefined };
    expect(await workersCache({ cache, origin: ORIGIN }).get(NAME, PART)).toBeUndefined();
    expect(cancelled).toBe(true);
  });

  test.for([
    ['a part instead of the whole', 206, { 'Content-Range': 'bytes 0-999/1000', 'Content-Length': '1000' }],
    ['another length', 200, { 'Content-Length': '999' }],
  ] as const)('a cache that answers %s is a miss', async ([, status, headers]) => {
    const cache: CacheLike = { match: async () => new Response('x', { status, headers }), put: async () => undefined };
    expect(await workersCache({ cache, origin: ORIGIN }).get(NAME, { start: 0, end: 1000 })).toBeUndefined();
  });

  test('the body is the native stream of the cache response, which workerd pipes itself', async () => {
    const blocks = workersCache({ cache: await empty(), origin: ORIGIN });
    await blocks.put(NAME, new Uint8Array(1000));
    const body = await blocks.get(NAME, PART);
    if (!(body instanceof ReadableStream)) throw new Error('no stream');
    // A stream made in JavaScript has no BYOB reader.
    const reader = body.getReader({ mode: 'byob' });
    expect((await reader.readAtLeast(10, new Uint8Array(10))).value).toEqual(new Uint8Array(10));
  });
});
