import { afterAll, describe } from 'vitest';
import { s3Client, s3Transport } from '../../src/platform/s3/s3-client.ts';
import { s3Store } from '../../src/store/drivers/s3/s3-store.ts';
import { describeStorageOperations, SIZE } from '../contract/storage-operations.ts';
import { countingProxy } from './counting-proxy.ts';
import { access, hasS3, newBucket } from './server.ts';

describe.skipIf(!hasS3)('at the wire', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);

  describe.each(['presigned', 'commands'] as const)('by %s reads', (reads) => {
    describeStorageOperations('S3', () => counted(reads));
  });

  async function counted(reads: 'presigned' | 'commands') {
    const { bucket, put } = await newBucket();
    const through = { ...access, endpoint: proxy.endpoint };
    const store = s3Store(s3Client(through), { bucket, reads, transport: s3Transport() });
    await put('object', new Uint8Array(SIZE));
    await put('empty', new Uint8Array(0));
    return {
      store,
      operations: proxy.take,
      // Ceph, unlike AWS, sends neither with its errors.
      tellsSizeWhenUnsatisfiable: false,
      tellsMetadataWhenUnmodified: false,
      replace: () => put('object', new Uint8Array(SIZE).fill(1)),
    };
  }
});
