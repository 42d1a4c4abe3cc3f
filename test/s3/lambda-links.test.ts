import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { s3Client } from '../../src/platform/s3/s3-client.ts';
import { access, hasS3, newBucket } from './server.ts';

const KEY = 'a b+ü%?#/x.bin';
const PATH = KEY.split('/').map(encodeURIComponent).join('/');
const OLD = Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff);
const NEW = OLD.map((byte) => byte ^ 0xff);

/** A gateway with a size limit of 100 bytes, below a prefix, over a bucket with or without versions. */
async function open(isVersioned: boolean) {
  const { bucket, client, put } = await newBucket();
  if (isVersioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  }
  const key = `below/${KEY}`;
  await put(key, OLD);
  const config = { bucket, prefix: 'below/', access, settings: {}, overflow: 'redirect', forbidden: 'denied' } as const;
  const gateway = lambdaGateway(s3Client(access), { ...config, linkSeconds: 60 }, 100, () => undefined);
  const ask = (query = '', headers: Record<string, string> = {}) =>
    gateway.fetch(new Request(`https://localhost/${PATH}${query}`, { headers }));
  const link = async (query = '') => {
    const response = await ask(query);
    expect(response.status).toBe(307);
    return new URL(response.headers.get('Location') ?? '');
  };
  return { ask, link, replace: () => put(key, NEW) };
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe.skipIf(!hasS3)('links to S3', () => {
  let plain: Awaited<ReturnType<typeof open>>;
  let versioned: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    [plain, versioned] = await Promise.all([open(false), open(true)]);
  });

  test('expire after linkSeconds, and sign no field except Host, and no checksum', async () => {
    const { searchParams } = await plain.link();
    expect(searchParams.get('X-Amz-Expires')).toBe('60');
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect([...searchParams.keys()].filter((name) => /checksum|range|version|if-/i.test(name))).toEqual([]);
  });

  test('serve the whole object, and ranges', async () => {
    const link = await plain.link();
    expect(await bytesOf(await fetch(link))).toEqual(OLD);
    const part = await fetch(link, { headers: { Range: 'bytes=500-', Origin: 'https://example.com' } });
    expect([part.status, part.headers.get('Content-Range')]).toEqual([206, 'bytes 500-999/1000']);
    expect(await bytesOf(part)).toEqual(OLD.slice(500));
  });

  test('have the disposition that ?download requests', async () => {
    const response = await fetch(await plain.link('?download'));
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="x.bin"');
    expect(await bytesOf(response)).toEqual(OLD);
  });

  test('are pinned to the evaluated version if the bucket keeps versions', async () => {
    const link = await versioned.link();
    await versioned.replace();
    expect(await bytesOf(await fetch(link))).toEqual(OLD);
    expect(await bytesOf(await fetch(await versioned.link()))).toEqual(NEW);
  });

  test('are not made if a precondition fails', async () => {
    expect((await plain.ask('', { 'If-Match': '"other"' })).status).toBe(412);
    const stale = await plain.ask('', { Range: 'bytes=0-999', 'If-Range': '"other"' });
    expect(stale.status).toBe(412);
    expect(await stale.json()).toMatchObject({ type: 'urn:rangeway:problem:changed' });
  });
});
