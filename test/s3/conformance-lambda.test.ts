import { describe } from 'vitest';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import type { ConfigInput } from '../../src/config/config.ts';
import { BUFFERED_LIMIT, lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { lambdaStreamHandler, STREAMED_LIMIT } from '../../src/platform/lambda/streamed.ts';
import { SIZE_LIMIT, sizeLimitCases } from '../conformance/cases/size-limit.ts';
import { describeConformance } from '../conformance/describe.ts';
import { shared } from '../conformance/shared.ts';
import { access, fixtureBucket, hasS3 } from './server.ts';

async function start(mode: 'buffered' | 'stream', settings: ConfigInput = {}, most = Number.POSITIVE_INFINITY) {
  const { bucket, client, storedAt } = fixtureBucket();
  const config = { bucket, prefix: '', access, settings, overflow: 'redirect', forbidden: 'denied' } as const;
  const open = (limit: number) => ({
    gateway: lambdaGateway(client, { ...config, linkSeconds: 60 }, Math.min(limit, most), () => undefined),
  });
  const server = await serveFunction(
    mode === 'buffered'
      ? { mode, handler: lambdaHandler(open(BUFFERED_LIMIT)) }
      : { mode, handler: lambdaStreamHandler(open(STREAMED_LIMIT)) },
    { port: 0 },
  );
  return { url: server.url, stop: () => server.stop(1_000), storedAt };
}

/** Blocks of the least size, so that objects of the cases have several. */
const cached = shared(() => start('buffered', { cache: { type: 'memory' }, blocks: { size: 64 * 1024 } }), 2);

describe.skipIf(!hasS3)('S3', () => {
  describeConformance('Lambda, buffered, over S3', () => start('buffered'));
  describeConformance('Lambda, buffered, over S3 with blocks in memory, cold', cached);
  describeConformance('Lambda, buffered, over S3 with blocks in memory, warm', cached);
  describeConformance('Lambda, streamed, over S3', () => start('stream'), { remapsLength: true });
  const little = { cases: sizeLimitCases };
  describeConformance('Lambda, buffered, of little', () => start('buffered', {}, SIZE_LIMIT), little);
  const streamed = { ...little, remapsLength: true };
  describeConformance('Lambda, streamed, of little', () => start('stream', {}, SIZE_LIMIT), streamed);
});
