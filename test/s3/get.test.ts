import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getTwice } from '../cli/get/get-twice.ts';
import { openWorkspace, type Workspace } from '../cli/get/workspace.ts';
import { longBytes } from '../faults/random.ts';
import { deploy } from './distribution.ts';
import { hasS3, newBucket } from './server.ts';

const BYTES = longBytes(24_000_000);

describe.skipIf(!hasS3)('get', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace();
  });
  afterAll(() => workspace.close());

  test('continues a presigned address of S3 under another signature', { timeout: 120_000 }, async () => {
    const { bucket, client, put } = await newBucket();
    await put('file.bin', BYTES);
    const sign = (expiresIn: number) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: 'file.bin' }), { expiresIn });
    const urls = [await sign(600), await sign(601)] as const;
    const cwd = await workspace.freshFolder();
    expect(await getTwice({ urls, bytes: BYTES, cwd })).toBeLessThan(BYTES.length);
  });

  test(
    'continues a file that a CDN serves from its cache, behind links that expire',
    { timeout: 300_000 },
    async () => {
      const deployment = await deploy({ isVersioned: true });
      try {
        await deployment.put('big.bin', BYTES);
        deployment.cuts.push(6_000_000, 100_000);
        const url = `${deployment.url}/big.bin`;
        const cwd = await workspace.freshFolder();
        expect(await getTwice({ urls: [url, url], bytes: BYTES, cwd })).toBeLessThan(BYTES.length);
        expect(deployment.cuts).toEqual([]);
      } finally {
        await deployment.stop();
      }
    },
  );
});
