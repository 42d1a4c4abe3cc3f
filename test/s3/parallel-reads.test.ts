import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test } from 'vitest';
import type { OpenObject } from '../../src/store/object-store.ts';
import { withParallelReads } from '../../src/store/wrappers/with-parallel-reads.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { until } from '../store/counted-store.ts';
import { countingProxy } from './counting-proxy.ts';
import { hasS3, newBucket } from './server.ts';

const MiB = 1024 * 1024;
/** Nine parts, the last of them short. */
const BYTES = pseudoRandom(8 * MiB + 12_345);

const bytesOf = async ({ body }: OpenObject) => new Uint8Array(await new Response(body).arrayBuffer());

describe.skipIf(!hasS3)('parallel reads of a real S3', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);

  async function newObject() {
    const bucket = await newBucket({ endpoint: proxy.endpoint });
    await bucket.put('key', BYTES);
    const store = withParallelReads(withResume(bucket.store), { connections: 4, partSize: MiB });
    const open = async (options = {}) => {
      const result = await store.read('key', options);
      if (result.type !== 'open') throw new Error(result.type);
      return result;
    };
    return { ...bucket, open };
  }

  test('are exact, with one request for each part', async () => {
    const { open } = await newObject();
    proxy.take();
    expect(equal(await bytesOf(await open()), BYTES)).toBe(true);
    expect(proxy.take()).toBe(9);
    const range = { form: 'bounded', start: 1_000_001, end: 5_000_000 } as const;
    expect(equal(await bytesOf(await open({ range })), BYTES.subarray(range.start, range.end))).toBe(true);
    expect(proxy.take()).toBe(4);
    expect(
      equal(await bytesOf(await open({ range: { form: 'suffix', length: 2 * MiB } })), BYTES.subarray(-2 * MiB)),
    ).toBe(true);
    expect(proxy.take()).toBe(1);
  });

  test('fail if the object is replaced, without a byte of the new version', async () => {
    const { open, put } = await newObject();
    const reader = (await open()).body.getReader();
    const chunks = [(await reader.read()).value ?? new Uint8Array(0)];
    await put('key', BYTES.toReversed());
    const rest = (async () => {
      for (;;) {
        const { value } = await reader.read();
        if (value === undefined) return;
        chunks.push(value);
      }
    })();
    await expect(rest).rejects.toMatchObject({ code: 'version-changed' });
    const got = Buffer.concat(chunks);
    expect(equal(got, BYTES.subarray(0, got.length))).toBe(true);
  });

  test('end with the version they began with if the bucket keeps versions', async () => {
    const { open, put, client, bucket } = await newObject();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    await put('key', BYTES);
    const object = await open();
    await put('key', BYTES.toReversed());
    expect(equal(await bytesOf(object), BYTES)).toBe(true);
  });

  test('are aborted on the wire if the client disconnects', async () => {
    const { open } = await newObject();
    for (let reads = 0; reads < 40; reads += 7) {
      const reader = (await open()).body.getReader();
      for (let i = 0; i < reads; i++) await reader.read();
      await reader.cancel();
      await until(() => proxy.open() === 0);
    }
    // A request that was aborted may still reach the proxy.
    let quietChecks = 0;
    await until(() => {
      quietChecks = proxy.take() === 0 ? quietChecks + 1 : 0;
      return quietChecks > 20;
    });
    expect(equal(await bytesOf(await open()), BYTES)).toBe(true);
    expect(proxy.take()).toBe(9);
  });
});
