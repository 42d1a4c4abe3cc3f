import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

describeConformance('Node over memory', async () => {
  const store = await memoryWithFixtures();
  const server = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
