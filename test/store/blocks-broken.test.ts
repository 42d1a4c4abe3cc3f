import { createGateway, serve } from '../../src/platform/node.ts';
import { withBlocks } from '../../src/store/blocks.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { withResume } from '../../src/store/resume.ts';
import { describeConformance } from '../conformance/describe.ts';
import { fixtures } from '../conformance/fixtures.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { breaking } from './breaking.ts';
import { mapCache } from './map-cache.ts';
import { expectNoneUnhandled } from './unhandled.ts';

expectNoneUnhandled();

const plan = (read: number) => ({ how: read % 2 === 0 ? 'fails' : 'ends', after: 1 + (read % 7) ** 5 }) as const;

describeObjectStore('a cache of blocks over a storage that keeps breaking', async () => {
  const store = memoryStore();
  const resumed = withResume(breaking(store, plan), { backoff: { first: 1, most: 1 } });
  const freshness = { ttl: 0, negativeTtl: 0, staleWhileRevalidate: 0, staleIfError: 0 };
  return {
    store: withBlocks(resumed, mapCache(), { blockSize: 64 * 1024, freshness }),
    put: async (key, bytes) => void (await store.put(key, bytes)),
    hasOtherCosts: true,
  };
});

describeConformance('Node with blocks, over a storage that keeps breaking', async () => {
  const store = memoryStore();
  for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
  const gateway = createGateway({
    store: breaking(store, plan),
    cache: mapCache(),
    blocks: { size: 64 * 1024 },
    log: () => undefined,
  });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
