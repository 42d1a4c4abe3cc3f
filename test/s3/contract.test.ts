import { describe, expect, test } from 'vitest';
import { s3Store } from '../../src/store/drivers/s3/s3-store.ts';
import { describeObjectStore } from '../contract/object-store.ts';
import { hasS3, newBucket } from './server.ts';

describe.skipIf(!hasS3)('over Ceph', () => {
  describeObjectStore('s3', newBucket);
  describeObjectStore("s3 with the SDK's own connections", async () => {
    const { bucket, client, put } = await newBucket();
    return { store: s3Store(client, { bucket }), put };
  });

  test('metadata pass, and a prefix is put before every key', async () => {
    const { put, store } = await newBucket();
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

  test.for(['/leading', 'double//slash', 'trailing/', '//'])('the key %j is reachable as it is', async (key) => {
    const { put, store } = await newBucket();
    await put(key, new TextEncoder().encode(key));
    const result = await store.read(key);
    expect(result.type === 'open' && (await new Response(result.body).text())).toBe(key);
  });
});
