import { Hono } from 'hono';
import { createGateway, memoryCache, serve } from '../../src/platform/node.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { describeConformance } from './describe.ts';
import { fixtures } from './fixtures.ts';

const store = memoryStore();
for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
const gateway = createGateway({
  store,
  cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }),
  blocks: { size: 64 * 1024 },
  log: () => undefined,
});

/** In an app of somebody's, the gateway has web objects; at the root of Node's server it has none. */
async function start() {
  const server = await serve(new Hono().route('/', gateway), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
}

describeConformance('Node, in another app, with blocks, cold', start);
describeConformance('Node, in another app, with blocks, warm', start);
