import { createGateway, memoryCache } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { withReusableMemory } from '../store/with-reusable-memory.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const store = withReusableMemory(await memoryWithFixtures());
const plain = createGateway({ store, observers: [{ end: () => undefined }] });
const cached = createGateway({
  store,
  cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }),
  blocks: { size: 64 * 1024 },
  observers: [{ end: () => undefined }],
});

function starts(gateway: typeof plain) {
  return async () => {
    const server = await serve(gateway, { port: 0 });
    return { url: server.url, stop: () => server.stop(1000) };
  };
}

// The bodies of S3 come in such memory: the HTTP of `rangeway serve` is held to the whole list here.
describeConformance('Node over reusable memory', starts(plain), { runsWhole: true });
describeConformance('Node over lent memory with blocks, cold', starts(cached));
describeConformance('Node over lent memory with blocks, warm', starts(cached));
