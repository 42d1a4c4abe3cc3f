import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { withFallback } from '../../src/store/wrappers/with-fallback.ts';
import { s3Client, s3Transport } from '../../src/platform/s3/s3-client.ts';
import { s3Store } from '../../src/store/drivers/s3/s3-store.ts';
import { withInterruptions } from '../store/with-interruptions.ts';
import { access, hasS3, newBucket } from './server.ts';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';

const SIZE = 1_000_000;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) ^ (i & 255));

/** A gateway over a real S3 whose first body breaks; `meanwhile` is called before it is resumed. */
function gatewayOver(
  store: Parameters<typeof withInterruptions>[0],
  meanwhile: () => Promise<unknown> = async () => undefined,
) {
  const entries: LogEntry[] = [];
  let reads = 0;
  const inner = withInterruptions(store, (read) => (read === 0 ? { how: 'fails', after: 300_000 } : undefined));
  const between = {
    head: inner.head,
    read: async (...args: Parameters<typeof inner.read>) => {
      if (reads++ === 1) await meanwhile();
      return inner.read(...args);
    },
  };
  const log = (entry: LogEntry) => void entries.push(entry);
  return { gateway: createGateway({ store: between, observers: [logObserver(log)] }), entries };
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe.skipIf(!hasS3)('an interrupted body of a real S3', () => {
  test('is resumed, and one more operation is logged', async () => {
    const { store, put } = await newBucket();
    await put('key', bytes);
    const { gateway, entries } = gatewayOver(store);
    expect(Buffer.compare(await bytesOf(await gateway.request('/key')), bytes)).toBe(0);
    expect(entries).toMatchObject([{ outcome: 'complete', storageReads: 2, continued: 1, bytesSent: SIZE }]);
  });

  test('fails if the object was replaced', async () => {
    const { store, put } = await newBucket();
    await put('key', bytes);
    const { gateway, entries } = gatewayOver(store, () => put('key', bytes.toReversed()));
    await expect(bytesOf(await gateway.request('/key'))).rejects.toThrow();
    expect(entries).toMatchObject([
      { outcome: 'failed', bytesSent: 300_000, error: expect.stringContaining('version-changed') },
    ]);
  });

  test('ends with the version it began with if the bucket keeps versions', async () => {
    const { store, put, client, bucket } = await newBucket();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    await put('key', bytes);
    const { gateway, entries } = gatewayOver(store, () => put('key', bytes.toReversed()));
    expect(Buffer.compare(await bytesOf(await gateway.request('/key')), bytes)).toBe(0);
    expect(entries).toMatchObject([{ outcome: 'complete', storageReads: 3, continued: 1 }]);
  });

  test('is resumed from a replica if the primary is unavailable', async () => {
    const [one, two] = [await newBucket(), await newBucket()];
    await one.put('key', bytes);
    await two.put('key', bytes);
    const client = s3Client({ ...access, endpoint: 'http://127.0.0.1:9' });
    const gone = s3Store(client, { bucket: one.bucket, transport: s3Transport() });
    let reads = 0;
    const first = {
      head: gone.head,
      read: (...args: Parameters<typeof gone.read>) => (reads++ === 0 ? one.store : gone).read(...args),
    };
    const { gateway, entries } = gatewayOver(withFallback(first, two.store));
    expect(Buffer.compare(await bytesOf(await gateway.request('/key')), bytes)).toBe(0);
    expect(entries).toMatchObject([{ outcome: 'complete', storageReads: 3, continued: 1 }]);
  });
});
