import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { BlockCache } from '../../src/cache/block-cache.ts';
import { workersCache } from '../../src/cache/drivers/workers.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { nativeBodyPipe } from '../../src/platform/workers/native-body-pipe.ts';
import { r2Store } from '../../src/store/drivers/r2.ts';

const BLOCK = 64 * 1024;
const SIZE = 10 * BLOCK;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) ^ (i & 255));

/** The Cache API, with a count of its streams that were read in JavaScript. */
async function watchedCache() {
  const cache = workersCache({
    cache: await caches.open(crypto.randomUUID()),
    origin: 'https://files.example.com',
  });
  const seen = { streams: 0, opened: 0 };
  const watched: BlockCache = {
    put: cache.put,
    async get(name, part) {
      const body = await cache.get(name, part);
      if (!(body instanceof ReadableStream)) return body;
      seen.streams++;
      const open = body.getReader.bind(body);
      Object.defineProperty(body, 'getReader', {
        value: (...args: Parameters<typeof open>) => {
          seen.opened++;
          return open(...args);
        },
      });
      return body;
    },
  };
  return { watched, seen };
}

async function serveObject() {
  await env.BUCKET.put('cached', bytes);
  const { watched, seen } = await watchedCache();
  const store = r2Store(env.BUCKET);
  const blocks = { size: BLOCK };
  const gateway = createGateway({
    store,
    cache: watched,
    blocks,
    bodyPipe: nativeBodyPipe,
    observers: [{ end: () => undefined }],
  });
  const get = async (range?: string) =>
    (await gateway.request('/cached', range === undefined ? {} : { headers: { Range: range } })).bytes();
  await get();
  return { seen, get };
}

test('cached blocks of one range are sent without being read in JavaScript', async () => {
  const { seen, get } = await serveObject();
  expect(await get()).toEqual(bytes);
  expect(await get(`bytes=${BLOCK + 7}-${4 * BLOCK}`)).toEqual(bytes.subarray(BLOCK + 7, 4 * BLOCK + 1));
  expect(seen).toEqual({ streams: 14, opened: 0 });
});

test('cached blocks that several parts share are opened, to drop what is between', async () => {
  const { seen, get } = await serveObject();
  const body = await get(`bytes=0-9,100-${2 * BLOCK}`);
  expect(Buffer.from(body).includes(Buffer.from(bytes.subarray(100, 2 * BLOCK + 1)))).toBe(true);
  expect(seen).toEqual({ streams: 3, opened: 3 });
});
