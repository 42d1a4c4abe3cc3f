import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { lambdaStreamHandler, STREAMED_LIMIT } from '../../src/platform/lambda/streamed.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { listingCases } from '../conformance/cases/listing.ts';
import { describeConformance } from '../conformance/describe.ts';
import { access, fixtureBucket, hasS3, workerVariables } from './server.ts';

const CONFIG = fileURLToPath(new URL('workers-listing.toml', import.meta.url));

async function onNode() {
  const gateway = createGateway({ store: fixtureBucket().store, listing: 'html', observers: [] });
  const server = await serve(gateway, { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000) };
}

function onWorkerd() {
  const variables = workerVariables(fixtureBucket().bucket);
  return startWorkerd({ config: CONFIG, host: '127.0.0.1', port: 0, variables });
}

async function onLambda(mode: 'buffered' | 'stream') {
  const { bucket, client } = fixtureBucket();
  const settings = { listing: 'html' } as const;
  const config = { bucket, prefix: '', access, settings, overflow: 'redirect', forbidden: 'denied' } as const;
  const open = (limit: number) => ({
    gateway: lambdaGateway(client, { ...config, linkSeconds: 60 }, limit, () => undefined),
  });
  const server = await serveFunction(
    mode === 'buffered'
      ? { mode, handler: lambdaHandler(open(BUFFERED_LIMIT)) }
      : { mode, handler: lambdaStreamHandler(open(STREAMED_LIMIT)) },
    { port: 0 },
  );
  return { url: server.url, stop: () => server.stop(1_000) };
}

describe.skipIf(!hasS3)('S3', () => {
  const cases = { cases: listingCases };
  describeConformance('listings of Node over S3', onNode, cases);
  describeConformance('listings of workerd over S3', onWorkerd, { ...cases, dropsEmptyFields: true });
  describeConformance('listings of Lambda, buffered, over S3', () => onLambda('buffered'), cases);
  describeConformance('listings of Lambda, streamed, over S3', () => onLambda('stream'), {
    ...cases,
    remapsLength: true,
  });
});
