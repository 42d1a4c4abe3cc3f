import { env } from 'cloudflare:workers';
import { r2Store } from '../../src/store/drivers/r2.ts';
import { describeContentTypes } from '../contract/content-types.ts';
import { describeListableStore } from '../contract/listable-store.ts';
import { describeObjectStore } from '../contract/object-store.ts';

async function harness() {
  for (let truncated = true; truncated;) {
    const { objects, truncated: hasMore } = await env.BUCKET.list();
    await env.BUCKET.delete(objects.map(({ key }) => key));
    truncated = hasMore;
  }
  const put = async (key: string, bytes: Uint8Array) => void (await env.BUCKET.put(key, bytes));
  return { store: r2Store(env.BUCKET), put };
}

describeObjectStore('r2', harness);
describeListableStore('r2', harness);

describeContentTypes('r2', async () => ({
  store: r2Store(env.BUCKET),
  put: (key, contentType) =>
    env.BUCKET.put(key, 'abc', contentType === undefined ? {} : { httpMetadata: { contentType } }),
}));
