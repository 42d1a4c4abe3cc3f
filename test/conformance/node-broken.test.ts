import { createGateway, serve } from '../../src/platform/node.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { breaking } from '../store/breaking.ts';
import { describeConformance } from './describe.ts';
import { fixtures } from './fixtures.ts';

// Every body breaks once or more: no client may notice.
describeConformance('Node over a storage that keeps breaking', async () => {
  const store = memoryStore();
  for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
  const broken = breaking(store, (read) => ({ how: read % 2 === 0 ? 'fails' : 'ends', after: 1 + (read % 7) ** 5 }));
  const server = await serve(createGateway({ store: broken, log: () => undefined }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
