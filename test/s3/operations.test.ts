import { afterAll, describe } from 'vitest';
import { describeStorageOperations, SIZE } from '../contract/storage-operations.ts';
import { countingProxy } from './counting-proxy.ts';
import { hasS3, newBucket } from './server.ts';

describe.skipIf(!hasS3)('at the wire', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);

  describeStorageOperations('S3', async () => {
    const { store, put } = await newBucket({ endpoint: proxy.endpoint });
    await put('object', new Uint8Array(SIZE));
    await put('empty', new Uint8Array(0));
    return {
      store,
      operations: proxy.take,
      // Ceph, unlike AWS, tells neither with its errors.
      tellsSizeWhenUnsatisfiable: false,
      tellsMetadataWhenUnmodified: false,
      replace: () => put('object', new Uint8Array(SIZE).fill(1)),
    };
  });
});
