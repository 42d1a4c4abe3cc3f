import { env } from 'cloudflare:workers';
import { nativeBodyPipe } from '../../src/platform/workers/native-body-pipe.ts';
import { r2Store, type R2BucketLike } from '../../src/store/drivers/r2.ts';
import { describeStorageOperations, SIZE } from '../contract/storage-operations.ts';

/**
 * Counts what reaches the binding. A body is not wrapped, because only R2's own can go through native pipes; it counts
 * if R2 returned one and it was not cancelled.
 */
function counted(bucket: R2Bucket) {
  let operations = 0;
  let bodies = 0;
  const counting: R2BucketLike = {
    head(key) {
      operations++;
      return bucket.head(key);
    },
    async get(key, options) {
      operations++;
      const object = await bucket.get(key, options);
      if (object !== null && 'body' in object && object.body !== undefined) {
        bodies++;
        const { body } = object;
        const cancel = body.cancel.bind(body);
        body.cancel = (reason) => (bodies--, cancel(reason));
      }
      return object;
    },
    list(options) {
      operations++;
      return bucket.list(options);
    },
  };
  const take = (read: () => number, reset: () => void) => () => {
    const count = read();
    reset();
    return count;
  };
  return {
    store: r2Store(counting),
    operations: take(
      () => operations,
      () => (operations = 0),
    ),
    bodiesRead: take(
      () => bodies,
      () => (bodies = 0),
    ),
  };
}

describeStorageOperations('R2, in workerd', async () => {
  await env.BUCKET.put('object', new Uint8Array(SIZE));
  await env.BUCKET.put('empty', new Uint8Array(0));
  return {
    ...counted(env.BUCKET),
    bodyPipe: nativeBodyPipe,
    tellsSizeWhenUnsatisfiable: false,
    tellsMetadataWhenUnmodified: true,
    replace: async () => void (await env.BUCKET.put('object', new Uint8Array(SIZE).fill(1))),
  };
});
