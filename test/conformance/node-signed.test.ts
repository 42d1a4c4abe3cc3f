import { signedAccess } from '../../src/access/index.ts';
import { createGateway, serve } from '../../src/platform/node.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { KEYS } from '../access/links.ts';
import { describeConformance } from './describe.ts';
import { fixtures } from './fixtures.ts';
import { signer } from './signed.ts';

const start = async () => {
  const store = memoryStore();
  for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
  const gateway = createGateway({ store, access: signedAccess(KEYS), log: () => undefined });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
};

describeConformance('Node over memory, with links,', start, { sign: await signer() });
