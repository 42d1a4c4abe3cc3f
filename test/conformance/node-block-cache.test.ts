import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { mapCache } from '../cache/map-cache.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const store = await memoryWithFixtures();
const gateway = createGateway({
  store,
  cache: mapCache(),
  blocks: { size: 64 * 1024 },
  observers: [{ end: () => undefined }],
});

async function start() {
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
}

describeConformance('Node with blocks, cold', start);
describeConformance('Node with blocks, warm', start);
