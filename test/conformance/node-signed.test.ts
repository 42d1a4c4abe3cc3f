import { signedAccess } from '../../src/access/index.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { KEYS } from '../access/links.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';
import { signer } from './signed.ts';

const start = async () => {
  const store = await memoryWithFixtures();
  const gateway = createGateway({ store, access: signedAccess(KEYS), observers: [{ end: () => undefined }] });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
};

describeConformance('Node over memory, with links,', start, { sign: await signer() });
