import { createGateway, serve } from '../../src/platform/node.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { describeConformance } from './describe.ts';
import { fixtures } from './fixtures.ts';

describeConformance('Node over memory', async () => {
  const store = memoryStore();
  for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
  const server = await serve(createGateway({ store, log: () => undefined }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
