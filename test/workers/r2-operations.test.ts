import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { workersCache } from '../../src/cache/drivers/workers.ts';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { nativeBodyPipe } from '../../src/platform/workers/native-body-pipe.ts';
import { indexBucketEvent } from '../../src/platform/workers/worker-index.ts';
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

describe('operations of R2 for digests', async () => {
  const { store, operations } = counted(env.BUCKET);
  const TTL = 60_000;
  const bytes = new TextEncoder().encode('0123456789');
  beforeAll(async () => {
    const sha256 = await crypto.subtle.digest('SHA-256', bytes);
    await env.BUCKET.put('digest', bytes, { sha256 });
    await env.BUCKET.put('index', bytes);
    await indexBucketEvent(env.BUCKET, { action: 'PutObject', object: { key: 'index', size: bytes.length } });
  });
  afterEach(() => vi.useRealTimers());

  let made = 0;
  const cached = async () => ({
    cache: workersCache({ cache: await caches.open(`operations-${made++}`), origin: 'https://files.example.com' }),
    blocks: { ttl: TTL },
  });

  /** The number of operations of each address, in order, and the time between two of them in ms. */
  async function costs(options: Omit<GatewayOptions, 'store'>, paths: readonly string[], pause = 0) {
    const gateway = createGateway({ store, bodyPipe: nativeBodyPipe, observers: [], ...options });
    operations();
    const counts: number[] = [];
    for (const path of paths) {
      const response = await gateway.request(path);
      await response.arrayBuffer();
      expect(response.status).toBe(200);
      counts.push(operations());
      if (pause > 0) vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + pause });
    }
    return counts;
  }

  test('the digests of an object cost none', async () => {
    expect(await costs({}, ['/digest', '/digest'])).toEqual([1, 1]);
    expect(await costs({ digests: true }, ['/digest', '/digest'])).toEqual([1, 1]);
  });

  test('a plain GET costs none more without the setting, and without a cache', async () => {
    expect(await costs(await cached(), ['/index', '/index'])).toEqual([1, 0]);
    expect(await costs({ pieces: true }, ['/index', '/index'])).toEqual([1, 1]);
  });

  test('with the setting and a cache, one more for each ttl', async () => {
    expect(await costs({ pieces: true, ...(await cached()) }, ['/index', '/index'])).toEqual([2, 0]);
    const paths = ['/index', '/index', '/index'];
    expect(await costs({ pieces: true, ...(await cached()) }, paths, TTL + 1_000)).toEqual([2, 2, 2]);
  });

  test.for(['pieces', 'meta4'])('?%s costs two cold, none warm', async (form) => {
    expect(await costs({ pieces: true, ...(await cached()) }, [`/index?${form}`, `/index?${form}`])).toEqual([2, 0]);
  });
});
