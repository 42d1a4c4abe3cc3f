import { createGateway, memoryCache, serve } from '../../src/platform/node.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { lending } from '../store/lending.ts';
import { describeConformance } from './describe.ts';
import { fixtures } from './fixtures.ts';

const memory = memoryStore();
for (const { key, bytes, contentType } of fixtures) await memory.put(key, bytes, { contentType });
const store = lending(memory);
const plain = createGateway({ store, log: () => undefined });
const cached = createGateway({
  store,
  cache: memoryCache({ maxBytes: 64 * 1024 * 1024 }),
  blocks: { size: 64 * 1024 },
  log: () => undefined,
});

function starts(gateway: typeof plain) {
  return async () => {
    const server = await serve(gateway, { port: 0 });
    return { url: server.url, stop: () => server.stop(1000) };
  };
}

describeConformance('Node over lent memory', starts(plain));
describeConformance('Node over lent memory with blocks, cold', starts(cached));
describeConformance('Node over lent memory with blocks, warm', starts(cached));
