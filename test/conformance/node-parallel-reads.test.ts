import { createGateway, memoryCache } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { withReusableMemory } from '../store/with-reusable-memory.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const store = withReusableMemory(await memoryWithFixtures());
const parallelReads = { connections: 4, partSize: 64 * 1024 };
const plain = createGateway({ store, parallelReads, observers: [] });
const cached = createGateway({
  store,
  parallelReads,
  cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }),
  blocks: { size: 256 * 1024 },
  observers: [],
});

function starts(gateway: typeof plain) {
  return async () => {
    const server = await serve(gateway, { port: 0 });
    return { url: server.url, stop: () => server.stop(1000) };
  };
}

describeConformance('Node with parallel reads', starts(plain));
describeConformance('Node with parallel reads and blocks, cold', starts(cached));
describeConformance('Node with parallel reads and blocks, warm', starts(cached));
