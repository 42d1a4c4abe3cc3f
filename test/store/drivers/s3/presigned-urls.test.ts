import { GetObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { encodeKey, presignedUrls } from '../../../../src/store/drivers/s3/presigned-urls.ts';
import { isReadableKey } from '../../../../src/store/key-rules.ts';
import { ODD_KEYS } from '../../../s3/odd-keys.ts';
import { KEY } from './loopback-s3.ts';

const EXTERNAL = 'arn:aws:s3:us-west-2:123456789012:accesspoint/releases';
const LAMBDA = 'arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/releases';

/** Buckets and client settings, each with another origin, path, region or service. */
test.each<readonly [bucket: string, config: S3ClientConfig]>([
  ['releases', {}],
  ['releases.example.com', {}],
  ['releases', { forcePathStyle: true }],
  ['releases', { useDualstackEndpoint: true, region: 'eu-central-1' }],
  ['releases', { useFipsEndpoint: true }],
  ['releases', { useAccelerateEndpoint: true }],
  ['releases', { endpoint: 'https://account.r2.cloudflarestorage.com', region: 'auto' }],
  ['releases', { endpoint: 'http://127.0.0.1:9000/base/path', forcePathStyle: true }],
  ['releases', { endpoint: 'http://[::1]:9000', forcePathStyle: true }],
  ['releases', { endpoint: 'https://s3.example.com:443', forcePathStyle: true }],
  ['releases', { endpoint: 'https://s3.example.com' }],
  [EXTERNAL, { region: 'us-west-2' }],
  [EXTERNAL, { useArnRegion: true }],
  [LAMBDA, { region: 'us-west-2' }],
])('the address of %s with %o equals that of the SDK, except for the SDK’s own parameters', async (bucket, config) => {
  const client = new S3Client({ region: 'us-east-1', credentials: { ...KEY, sessionToken: 'token' }, ...config });
  const addresses = presignedUrls(client, bucket);
  for (const key of ['a/b c.bin', '//', "(a)*!'$", '\u65e5\u672c']) {
    const ours = new URL((await addresses.take({ method: 'GET', key, fields: FIELDS, version: 'v 1' }, 0)).url);
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: 'v 1' });
    const theirs = new URL(await getSignedUrl(client, command));
    expect(ours.origin).toBe(theirs.origin);
    expect(ours.pathname).toBe(theirs.pathname);
    for (const name of ['X-Amz-Algorithm', 'X-Amz-SignedHeaders', 'X-Amz-Security-Token', 'versionId']) {
      expect([name, ours.searchParams.get(name)]).toEqual([name, theirs.searchParams.get(name)]);
    }
    const scope = ({ searchParams }: URL) => searchParams.get('X-Amz-Credential')?.split('/').slice(2);
    expect(scope(ours)).toEqual(scope(theirs));
  }
});

const FIELDS = { 'accept-encoding': '*' };

test.each(ODD_KEYS.map((key) => [key.slice(0, 40), key]))('the path of the key %j decodes to the key', (_, key) => {
  expect(isReadableKey(key)).toBe(true);
  const path = encodeKey(key);
  expect(path).toMatch(/^(?:[\w.~/-]|%[\dA-F]{2})+$/);
  expect(decodeURIComponent(path)).toBe(key);
  // Each implementation of URL leaves the path unchanged.
  expect(new URL(`http://localhost/bucket/${path}`).pathname).toBe(`/bucket/${path}`);
});

test.each([
  '',
  '.',
  '..',
  './a',
  '../a',
  'a/.',
  'a/..',
  'a/./b',
  'a/../b',
  'a\0',
  '\ud800',
  'a\udc00b',
  'x'.repeat(1025),
])('%j is not a possible key', (key) => {
  expect(isReadableKey(key)).toBe(false);
});
