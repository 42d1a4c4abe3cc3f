import { Hono } from 'hono';
import { createGateway, memoryCache } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const store = await memoryWithFixtures();
const gateway = createGateway({
  store,
  cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }),
  blocks: { size: 64 * 1024 },
  observers: [{ end: () => undefined }],
});

/** In a custom app the gateway gets web objects; at the root of Node's server it does not. */
async function start() {
  const server = await serve(new Hono().route('/', gateway), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
}

describeConformance('Node, in another app, with blocks, cold', start, { runsWhole: true });
describeConformance('Node, in another app, with blocks, warm', start);
