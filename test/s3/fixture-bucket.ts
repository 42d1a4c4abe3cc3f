import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { fixtures } from '../conformance/fixtures.ts';
import { identity } from './identity.ts';

/** Where the fixtures are, and when the last of them was stored, in ms since the epoch. */
export interface FixtureBucket {
  readonly bucket: string;
  readonly storedAt: number;
}

/** Stores the fixtures on the S3 server: once for all suites, and before them, since S3 sets the dates itself. */
export async function fillFixtureBucket(endpoint: string): Promise<FixtureBucket> {
  const client = new S3Client({ ...identity, endpoint, forcePathStyle: true });
  const bucket = 'fixtures';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const { key, bytes, contentType } of fixtures)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType }));
  client.destroy();
  return { bucket, storedAt: Date.now() };
}
