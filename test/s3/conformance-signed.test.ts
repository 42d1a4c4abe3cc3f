import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { KEYS_TEXT } from '../access/links.ts';
import { describeConformance } from '../conformance/describe.ts';
import { signer } from '../conformance/signed.ts';
import { access, fixtureBucket, hasS3, workerVariables } from './server.ts';

async function startLambda() {
  const { bucket, client, storedAt } = fixtureBucket();
  const settings = { access: { type: 'signed', keys: 'RANGEWAY_TEST_KEYS' } };
  const config = { bucket, prefix: '', access, settings, overflow: 'redirect', forbidden: 'denied' } as const;
  const gateway = lambdaGateway(client, { ...config, linkSeconds: 60 }, BUFFERED_LIMIT, () => undefined);
  const server = await serveFunction({ mode: 'buffered', handler: lambdaHandler({ gateway }) }, { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000), storedAt };
}

async function startWorker() {
  const { bucket, storedAt } = fixtureBucket();
  const { url, stop } = await startWorkerd({
    config: fileURLToPath(new URL('../workers/signed/wrangler.toml', import.meta.url)),
    environment: 's3',
    host: '127.0.0.1',
    port: 0,
    variables: { ...workerVariables(bucket), RANGEWAY_KEYS: KEYS_TEXT },
  });
  return { url, stop, storedAt };
}

const sign = await signer();

describe.skipIf(!hasS3)('S3', () => {
  beforeAll(() => {
    process.env['RANGEWAY_TEST_KEYS'] = KEYS_TEXT;
  });
  afterAll(() => {
    delete process.env['RANGEWAY_TEST_KEYS'];
  });
  describeConformance('Lambda, buffered, over S3, with links,', startLambda, { sign });
  describeConformance('workerd over S3, with links,', startWorker, { dropsEmptyFields: true, sign });
});
