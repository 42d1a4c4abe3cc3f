import { createGateway } from '../../src/platform/node/index.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { lambdaStreamHandler } from '../../src/platform/lambda/streamed.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

const start = async () => {
  const gateway = createGateway({ store: await memoryWithFixtures(), observers: [{ end: () => undefined }] });
  const server = await serveFunction({ mode: 'stream', handler: lambdaStreamHandler({ gateway }) }, { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000) };
};

describeConformance('Lambda, streamed, over memory', start, { remapsLength: true, runsWhole: true });
