import { describe, expect, test } from 'vitest';
import { OWN_CONFIG, startWorkerd } from '../../src/platform/workerd.ts';
import { describeConformance } from '../conformance/describe.ts';
import { fixtures } from '../conformance/fixtures.ts';
import { access, hasS3, newBucket } from './server.ts';

async function startOver(bucket: string) {
  return startWorkerd({
    config: OWN_CONFIG,
    environment: 's3',
    host: '127.0.0.1',
    port: 0,
    variables: {
      S3_BUCKET: bucket,
      S3_ENDPOINT: access.endpoint,
      S3_PATH_STYLE: true,
      AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
    },
  });
}

describe.skipIf(!hasS3)('S3', () => {
  const start = async () => {
    const { bucket, put } = await newBucket();
    for (const { key, bytes, contentType } of fixtures) await put(key, bytes, { ContentType: contentType });
    return startOver(bucket);
  };
  describeConformance('workerd over S3', start, { dropsEmptyFields: true });

  test('XML of errors is read inside workerd: a missing bucket is a failure, not a missing object', async () => {
    const workerd = await startOver('no-such-bucket');
    expect((await fetch(`${workerd.url}/key`)).status).toBe(502);
    await workerd.stop();
  });
});
