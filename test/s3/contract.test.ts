import { describe, expect, test } from 'vitest';
import { s3Store } from '../../src/store/drivers/s3/s3-store.ts';
import { newRequestStats } from '../../src/store/request-stats.ts';
import { describeContentTypes } from '../contract/content-types.ts';
import { describeListableStore } from '../contract/listable-store.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { isFull } from '../full.ts';
import { hasS3, newBucket } from './server.ts';

/** Keys of the largest folder. Ceph takes some 400 a second, so RANGEWAY_LISTED=100000 takes four minutes. */
const LISTED = Number(process.env['RANGEWAY_LISTED'] ?? (isFull ? 10_000 : 1_001));

describe.skipIf(!hasS3)('over Ceph', () => {
  describeObjectStore('s3', newBucket);
  describeObjectStore("s3 by the platform's fetch", async () => {
    const { bucket, client, put } = await newBucket();
    return { store: s3Store(client, { bucket }), put };
  });
  describeObjectStore("s3 by the SDK's commands", async () => {
    const { bucket, client, put } = await newBucket();
    return { store: s3Store(client, { bucket, reads: 'commands' }), put };
  });

  describeListableStore('s3', newBucket, LISTED);
  describeListableStore("s3 by the SDK's commands", async () => {
    const { bucket, client, put } = await newBucket();
    return { store: s3Store(client, { bucket, reads: 'commands' }), put };
  });
  describeListableStore('s3 below a prefix', async () => {
    const { bucket, client, put } = await newBucket();
    await put('other', new Uint8Array(1));
    const store = s3Store(client, { bucket, prefix: 'be low/' });
    return { store, put: (key, bytes) => put(`be low/${key}`, bytes) };
  });
  // The SDK names it for an upload without a type; S3 stores `binary/octet-stream` where an upload names none.
  describeContentTypes(
    's3',
    async () => {
      const { put, store } = await newBucket();
      return { store, put: (key, ContentType) => put(key, new Uint8Array(3), { ContentType }) };
    },
    { ofUntyped: 'application/octet-stream' },
  );

  test.each(['presigned', 'commands'] as const)('metadata are read by %s reads', async (reads) => {
    const { bucket, client, put } = await newBucket();
    const store = s3Store(client, { bucket, reads });
    await put('coded', new Uint8Array(3), {
      ContentType: 'text/css',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment; filename="a.css"',
      CacheControl: 'max-age=60',
      Expires: new Date('2030-01-01T00:00:00Z'),
    });
    expect(await store.head('coded')).toMatchObject({
      contentType: 'text/css',
      contentEncoding: 'gzip',
      contentLanguage: 'de',
      contentDisposition: 'attachment; filename="a.css"',
      cacheControl: 'max-age=60',
      expires: 'Tue, 01 Jan 2030 00:00:00 GMT',
    });
  });

  test.for(['/leading', 'double//slash', 'trailing/', '//'])('the key %j can be read unchanged', async (key) => {
    const { put, store } = await newBucket();
    await put(key, new TextEncoder().encode(key));
    const result = await store.read(key);
    expect(result.type === 'open' && (await new Response(result.body).text())).toBe(key);
  });

  test.each(['a/./b', 'a/../b', '..', '.', './a', 'a/..'])(
    'the key %j, which no URL can express, is missing without a request',
    async (key) => {
      const { bucket, client, put } = await newBucket();
      await put(key, new TextEncoder().encode(key));
      for (const reads of ['presigned', 'commands'] as const) {
        const store = s3Store(client, { bucket, reads });
        const stats = newRequestStats();
        expect(await store.read(key, { stats })).toEqual({ type: 'missing' });
        expect(await store.head(key, { stats })).toBeUndefined();
        expect(stats.operations).toBe(0);
      }
    },
  );
});
