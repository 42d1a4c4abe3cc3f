import { CreateBucketCommand, PutObjectCommand, S3Client, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { s3Client, s3Transport, type S3Access } from '../../src/platform/s3/s3-client.ts';
import { s3Store } from '../../src/store/drivers/s3/s3-store.ts';
import { identity } from './identity.ts';

/** Whether there is an S3 server; without one its tests are skipped with a printed line. */
export const hasS3 = inject('s3Endpoint') !== null;

/** The client of the tests. */
export const access = {
  endpoint: inject('s3Endpoint') ?? 'http://127.0.0.1:9',
  pathStyle: true,
  ...identity,
} as const satisfies S3Access;

/** A bucket with the fixtures, filled before the tests. All suites share it, so it must only be read. */
export function fixtureBucket() {
  const { bucket, storedAt } = inject('s3Fixtures');
  return {
    bucket,
    client: new S3Client({ ...access, forcePathStyle: true }),
    store: s3Store(s3Client(access), { bucket, transport: s3Transport() }),
    storedAt,
  };
}

/** A new bucket on the server, a store over it, and a function to fill it. */
export async function newBucket(through: Partial<S3Access> = {}) {
  // The SDK's own: the gateway's only reads.
  const client = new S3Client({ ...access, forcePathStyle: true });
  const bucket = `test-${crypto.randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    bucket,
    client,
    store: s3Store(s3Client({ ...access, ...through }), { bucket, transport: s3Transport(through) }),
    async put(key: string, bytes: Uint8Array, fields: Partial<PutObjectCommandInput> = {}) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ...fields }));
    },
  };
}

/** The variables of the S3 Worker for a bucket on the server. */
export function workerVariables(bucket: string) {
  return {
    S3_BUCKET: bucket,
    S3_ENDPOINT: access.endpoint,
    S3_PATH_STYLE: true,
    AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
  };
}
