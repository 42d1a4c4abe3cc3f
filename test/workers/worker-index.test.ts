import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { decodePieceIndex, pieceIndexKey } from '../../src/digests/piece-index.ts';
import worker, { indexBucketEvent, type BucketEvent } from '../../src/platform/workers/worker-index.ts';

const put = (key: string): BucketEvent => ({ action: 'PutObject', object: { key, size: 1 } });
const gone = (key: string): BucketEvent => ({ action: 'DeleteObject', object: { key } });

async function indexOf(key: string) {
  const object = await env.BUCKET.get(await pieceIndexKey(key));
  return object === null ? undefined : decodePieceIndex(new Uint8Array(await object.arrayBuffer()));
}

const sha256 = async (bytes: BufferSource) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

test('an event of a new object builds its index, and one of a deleted object removes it', async () => {
  const bytes = new TextEncoder().encode('123456789');
  const stored = await env.BUCKET.put('check', bytes);
  await indexBucketEvent(env.BUCKET, put('check'));
  expect(await indexOf('check')).toMatchObject({
    key: 'check',
    etag: stored?.etag,
    size: 9,
    crc32: 0xcbf4_3926,
    sha256: await sha256(bytes),
  });
  // Events may come late: the object is there again.
  await indexBucketEvent(env.BUCKET, gone('check'));
  expect(await indexOf('check')).toBeDefined();
  await env.BUCKET.delete('check');
  await indexBucketEvent(env.BUCKET, gone('check'));
  expect(await indexOf('check')).toBeUndefined();
});

test('an object in parts, of several pieces, gets a true index', async () => {
  const part = crypto.getRandomValues(new Uint8Array(65_536));
  const bytes = new Uint8Array(6 * 2 ** 20 + 5).map((_, i) => part[i % part.length] ?? 0);
  const upload = await env.BUCKET.createMultipartUpload('parts');
  const cut = 5 * 2 ** 20;
  await upload.complete([
    await upload.uploadPart(1, bytes.subarray(0, cut)),
    await upload.uploadPart(2, bytes.subarray(cut)),
  ]);
  await indexBucketEvent(env.BUCKET, {
    action: 'CompleteMultipartUpload',
    object: { key: 'parts', size: bytes.length },
  });
  const index = await indexOf('parts');
  expect(index?.sha256).toEqual(await sha256(bytes));
  for (let i = 0; i < 7; i++)
    expect(index?.pieces.slice(i * 32, (i + 1) * 32)).toEqual(
      await sha256(bytes.slice(i * 2 ** 20, (i + 1) * 2 ** 20)),
    );
});

test('an event of an index is dropped, so that writing one does not cause another', async () => {
  const key = await pieceIndexKey('x');
  await env.BUCKET.put(key, 'x');
  await indexBucketEvent(env.BUCKET, put(key));
  expect(await indexOf(key)).toBeUndefined();
  await indexBucketEvent(env.BUCKET, gone(key));
  expect(await env.BUCKET.head(key)).not.toBeNull();
});

test('events of missing and too large objects, and of other actions, do nothing', async () => {
  await indexBucketEvent(env.BUCKET, put('missing'));
  await env.BUCKET.put('large', 'x');
  await indexBucketEvent(env.BUCKET, { action: 'PutObject', object: { key: 'large', size: 2 ** 34 + 1 } });
  await indexBucketEvent(env.BUCKET, { action: 'Other', object: { key: 'large', size: 1 } });
  expect(await indexOf('large')).toBeUndefined();
});

test('the consumer acknowledges what is done, and retries what failed', async () => {
  const done: string[] = [];
  const message = (key: string) => ({
    body: put(key),
    ack: () => void done.push(`ack ${key}`),
    retry: () => void done.push(`retry ${key}`),
  });
  await env.BUCKET.put('good', 'x');
  const broken = new Proxy(env.BUCKET, {
    get: (bucket, name) =>
      name === 'put' ? () => Promise.reject(new Error('R2 fails')) : Reflect.get(bucket, name).bind(bucket),
  });
  await worker.queue({ messages: [message('good')] }, { BUCKET: env.BUCKET });
  await env.BUCKET.put('bad', 'x');
  await worker.queue({ messages: [message('bad')] }, { BUCKET: broken });
  expect(done).toEqual(['ack good', 'retry bad']);
});
