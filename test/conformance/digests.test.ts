import { createGateway, memoryCache, type GatewayOptions } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { lambdaStreamHandler } from '../../src/platform/lambda/streamed.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { digestCases } from './cases/digests.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';
import { shared } from './shared.ts';

const start = (options: Omit<GatewayOptions, 'store'>) => async () => {
  const gateway = createGateway({
    store: await memoryWithFixtures(),
    observers: [{ end: () => undefined }],
    ...options,
  });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
};

const cache = memoryCache({ maxBytes: 64 * 1024 * 1024 });
const cached = shared(start({ cache, blocks: { size: 64 * 1024 } }), 2);

describeConformance('Node over memory, with digests,', start({}), { cases: digestCases });
describeConformance('Node with blocks, cold, with digests,', cached, { cases: digestCases });
describeConformance('Node with blocks, warm, with digests,', cached, { cases: digestCases });

describeConformance(
  'Lambda, streamed, with digests,',
  async () => {
    const gateway = createGateway({ store: await memoryWithFixtures(), observers: [{ end: () => undefined }] });
    const server = await serveFunction({ mode: 'stream', handler: lambdaStreamHandler({ gateway }) }, { port: 0 });
    return { url: server.url, stop: () => server.stop(1_000) };
  },
  { cases: digestCases, remapsLength: true },
);
