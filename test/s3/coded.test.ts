import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createGateway, memoryCache } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { s3Storage } from '../../src/platform/s3/index-node.ts';
import { OWN_S3_CONFIG, startWorkerd } from '../../src/cli/dev/workerd.ts';
import { boundaryOf, parseByteranges } from '../conformance/multipart.ts';
import { ask } from '../platform/node/raw-request.ts';
import { access, hasS3, newBucket, workerVariables } from './server.ts';

/** Of several blocks of 64 KiB. */
const CODED = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 31) & 0xff)), { level: 0 });
const CACHED = fileURLToPath(new URL('workers-cache.toml', import.meta.url));

const node = (isCached: boolean) => async (bucket: string) => {
  const store = s3Storage({ access, bucket });
  const cached = isCached ? { cache: memoryCache({ maxBytes: 16 * 1024 * 1024 }), blocks: { size: 65_536 } } : {};
  const server = await serve(createGateway({ store, observers: [{ end: () => undefined }], ...cached }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1_000) };
};

const workerd = (config: { readonly config: string; readonly environment?: string }) => (bucket: string) =>
  startWorkerd({ ...config, host: '127.0.0.1', port: 0, variables: workerVariables(bucket) });

const gateways: readonly (readonly [
  name: string,
  start: (bucket: string) => Promise<{ readonly url: string; stop(): Promise<void> }>,
])[] = [
  ['Node', node(false)],
  ['Node with a cache of blocks', node(true)],
  ['workerd', workerd({ config: OWN_S3_CONFIG })],
  ['workerd with a cache of blocks', workerd({ config: CACHED })],
];

describe.skipIf(!hasS3)('an object stored with a content coding is served with its stored bytes', () => {
  test.for(gateways)('from Ceph through %s', async ([, start]) => {
    const { bucket, put } = await newBucket();
    await put('coded.txt', CODED, { ContentType: 'text/plain', ContentEncoding: 'gzip,aws-chunked' });
    const { url, stop } = await start(bucket);
    const key = `${url}/coded.txt`;
    // Twice, because with a cache the second response comes from it.
    for (let round = 0; round < 2; round++) {
      const whole = await ask(key);
      expect([whole.status, whole.headers['content-encoding']]).toEqual([200, 'gzip']);
      expect(whole.body.equals(CODED)).toBe(true);
      const head = await ask(key, {}, 'HEAD');
      expect([head.status, head.headers['content-encoding'], head.headers['content-length']]).toEqual([
        200,
        'gzip',
        String(CODED.length),
      ]);
      const range = await ask(key, { Range: 'bytes=60000-140000', 'If-Range': String(whole.headers['etag']) });
      expect([range.status, range.headers['content-encoding']]).toEqual([206, 'gzip']);
      expect(range.body.equals(CODED.subarray(60_000, 140_001))).toBe(true);
      const several = await ask(key, { Range: 'bytes=0-9,200000-200009,-10' });
      expect(several.status).toBe(206);
      const parts = parseByteranges(several.body, boundaryOf(String(several.headers['content-type'])));
      expect(parts.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(
        [CODED.subarray(0, 10), CODED.subarray(200_000, 200_010), CODED.subarray(-10)].map((part) =>
          part.toString('hex'),
        ),
      );
    }
    await stop();
  });
});
