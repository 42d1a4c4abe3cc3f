import { describe } from 'vitest';
import type { ConfigInput } from '../../src/config/config.ts';
import { SIZE_LIMIT, sizeLimitCases } from '../conformance/cases/size-limit.ts';
import { describeConformance } from '../conformance/describe.ts';
import { shared } from '../conformance/shared.ts';
import { startLambda } from './lambda-over-s3.ts';
import { fixtureBucket, hasS3 } from './server.ts';

async function start(mode: 'buffered' | 'stream', settings: ConfigInput = {}, most?: number) {
  const { storedAt, ...filled } = fixtureBucket();
  return { ...(await startLambda(filled, mode, settings, most)), storedAt };
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
