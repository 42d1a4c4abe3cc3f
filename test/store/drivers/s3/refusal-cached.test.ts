import { expect, test } from 'vitest';
import { withBlockCache } from '../../../../src/cache/with-block-cache.ts';
import { withFallback } from '../../../../src/store/wrappers/with-fallback.ts';
import { withPrefix } from '../../../../src/store/wrappers/with-prefix.ts';
import { withResume } from '../../../../src/store/wrappers/with-resume.ts';
import { withRetry } from '../../../../src/store/wrappers/with-retry.ts';
import type { ObjectStore } from '../../../../src/store/object-store.ts';
import { mapCache } from '../../../cache/map-cache.ts';
import { refuse, sendObject, loopbackS3 } from './loopback-s3.ts';

const freshness = { ttl: 60_000, negativeTtl: 60_000, staleWhileRevalidate: 0, staleIfError: 0 };

const WRAPPERS: Readonly<Record<string, (store: ObjectStore) => ObjectStore>> = {
  'no wrapper': (store) => store,
  'all wrappers': (store) => withResume(withFallback(withRetry(withPrefix(store, 'a/')), store)),
};

test.each(Object.keys(WRAPPERS).flatMap((name) => [403, 404].map((status) => [name, status] as const)))(
  'through %s, a cache stores that an object is missing after a 404, but not after a 403: %i',
  async (name, status) => {
    let isThere = false;
    using s3 = await loopbackS3(
      (req, res) => {
        if (isThere) sendObject(req, res);
        else refuse(req, res, status, status === 403 ? 'AccessDenied' : 'NoSuchKey', new Date());
      },
      { forbidden: 'missing' },
    );
    for (const method of ['read', 'head'] as const) {
      isThere = false;
      const wrapped = WRAPPERS[name]?.(s3.store) ?? s3.store;
      const store = withBlockCache(wrapped, mapCache(), { blockSize: 1_000, freshness });
      const ask = async () => {
        if (method === 'head') return (await store.head('key')) === undefined ? 'missing' : 'open';
        const result = await store.read('key');
        if (result.type === 'open') await result.body.cancel();
        return result.type;
      };
      expect(await ask()).toBe('missing');
      isThere = true;
      expect(await ask()).toBe(status === 403 ? 'open' : 'missing');
    }
  },
);
