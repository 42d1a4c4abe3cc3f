import { env } from 'cloudflare:workers';
import { r2Store } from '../../src/store/drivers/r2.ts';
import { describeContentTypes } from '../contract/content-types.ts';
import { describeObjectStore } from '../contract/object-store.ts';

describeObjectStore('r2', async () => {
  const { objects } = await env.BUCKET.list();
  await env.BUCKET.delete(objects.map(({ key }) => key));
  return { store: r2Store(env.BUCKET), put: async (key, bytes) => void (await env.BUCKET.put(key, bytes)) };
});

describeContentTypes('r2', async () => ({
  store: r2Store(env.BUCKET),
  put: (key, contentType) =>
    env.BUCKET.put(key, 'abc', contentType === undefined ? {} : { httpMetadata: { contentType } }),
}));
