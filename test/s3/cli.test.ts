import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startCommand } from './command.ts';
import { hasS3, newBucket } from './server.ts';

describe.skipIf(!hasS3)('the command line over S3', () => {
  test.for(['serve', 'dev'])('%s --s3 serves the objects below the prefix', async (command) => {
    const { bucket, put } = await newBucket();
    await put('below/digits', new TextEncoder().encode('0123456789'));
    const { err, url, stop } = startCommand(bucket, [command]);
    const response = await fetch(`${await url()}/digits`, { headers: { Range: 'bytes=-3' } });
    expect([response.status, await response.text(), response.headers.get('Content-Range')]).toEqual([
      206,
      '789',
      'bytes 7-9/10',
    ]);
    expect(err()).toContain(`s3://${bucket}/below/ is served`);
    await stop();
  });

  test('serve refuses to start with wrong credentials, and prints the error of S3', async () => {
    const { bucket } = await newBucket();
    const { child, err } = startCommand(bucket, ['serve'], 'wrong');
    expect((await once(child, 'exit'))[0]).toBe(2);
    expect(err()).toContain(
      `rangeway: --s3 ${bucket} can't be read: StoreError: S3 GetObject failed with 403; caused by SignatureDoesNotMatch`,
    );
  });
});
