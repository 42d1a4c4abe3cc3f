import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { listingCases } from '../conformance/cases/listing.ts';
import { describeConformance } from '../conformance/describe.ts';
import { startLambda } from './lambda-over-s3.ts';
import { fixtureBucket, hasS3, workerVariables } from './server.ts';

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

function onLambda(mode: 'buffered' | 'stream') {
  return startLambda(fixtureBucket(), mode, { listing: 'html' });
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
