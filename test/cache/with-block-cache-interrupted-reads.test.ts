import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { retryBudget, withRetryBudget } from '../../src/store/wrappers/retry-budget.ts';
import { describeConformance } from '../conformance/describe.ts';
import { memoryWithFixtures } from '../conformance/memory-fixtures.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { withInterruptions } from '../store/with-interruptions.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

/** Every second body breaks soon, and its resumption takes from the budget; the others break after enough bytes to count as progress. */
const plan = (read: number) =>
  ({ how: read % 4 < 2 ? 'fails' : 'ends', after: read % 2 === 0 ? 1 + (read % 7) ** 5 : 66_000 + read }) as const;

/** A budget for more interruptions than a storage in use would be allowed. */
const patient = (store: ObjectStore) => withRetryBudget(withInterruptions(store, plan), retryBudget(1_000_000));

describeObjectStore('a block cache over a storage that interrupts every body', async () => {
  const store = memoryStore();
  const resumed = withResume(patient(store), { backoff: { first: 1, most: 1 } });
  const freshness = { ttl: 0, negativeTtl: 0, staleWhileRevalidate: 0, staleIfError: 0 };
  return {
    store: withBlockCache(resumed, mapCache(), { blockSize: 64 * 1024, freshness }),
    put: async (key, bytes) => void (await store.put(key, bytes)),
    hasOtherCosts: true,
  };
});

describeConformance('Node with blocks, over a storage that keeps breaking', async () => {
  const store = await memoryWithFixtures();
  const gateway = createGateway({
    store: patient(store),
    cache: mapCache(),
    blocks: { size: 64 * 1024 },
    observers: [{ end: () => undefined }],
  });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
