import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { SIZE_LIMIT, sizeLimitCases } from './cases/size-limit.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

describeConformance(
  'A gateway with a size limit',
  async () => {
    const store = await memoryWithFixtures();
    const link = async () => 'https://storage.example/link';
    const overflow = { limit: SIZE_LIMIT, policy: 'redirect', link } as const;
    const server = await serve(createGateway({ store, overflow, observers: [{ end: () => undefined }] }), { port: 0 });
    return { url: server.url, stop: () => server.stop(1000) };
  },
  { cases: sizeLimitCases },
);
