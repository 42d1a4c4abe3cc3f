import { describeObjectStore } from '../contract/object-store.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { mapCache } from './map-cache.ts';

const NEVER_FRESH = { ttl: 0, negativeTtl: 0, staleWhileRevalidate: 0, staleIfError: 0 };

for (const blockSize of [1, 3, 4, 64 * 1024]) {
  describeObjectStore(`a block cache with blocks of ${blockSize} bytes that always revalidates`, async () => {
    const store = memoryStore();
    return {
      store: withBlockCache(store, mapCache(), { blockSize, freshness: NEVER_FRESH }),
      put: async (key, bytes) => void (await store.put(key, bytes)),
      hasOtherCosts: true,
    };
  });
}
