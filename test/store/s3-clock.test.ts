import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { correctClock } from '../../src/store/drivers/s3-wire.ts';

const HOUR = 3_600_000;
const at = (offset: number) => new Date(Date.now() + offset);

/** Date.parse takes many a text for a date that HTTP does not. */
test.each([
  [at(HOUR).toUTCString(), HOUR],
  [at(-HOUR).toUTCString(), -HOUR],
  [at(1_000).toUTCString(), 0],
  ['3600', 0],
  ['2020', 0],
  [at(HOUR).toISOString(), 0],
  ['', 0],
])('the Date %j sets the clock %i ms off', (date, offset) => {
  const client = new S3Client({ region: 'us-east-1' });
  expect(correctClock(client, { type: 'answer', status: 403, headers: { date }, body: undefined })).toBe(offset !== 0);
  expect(Math.abs(client.config.systemClockOffset - offset)).toBeLessThan(offset === 0 ? 1 : 5_000);
});
