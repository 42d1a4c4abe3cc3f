import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../src/config/config.ts';
import { indexObject } from '../../src/digests/index-objects.ts';
import { decodePieceIndex } from '../../src/digests/piece-index.ts';
import { createGateway, memoryCache, type GatewayOptions } from '../../src/platform/node/index.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { indexedBucket } from '../../src/platform/s3/indexed-bucket.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { MAIN } from '../cli/commands.ts';
import { codedDigestCases, digestCases } from '../conformance/cases/digests.ts';
import { piecesCases } from '../conformance/cases/pieces.ts';
import { describeConformance } from '../conformance/describe.ts';
import { codedFixture, fixtures } from '../conformance/fixtures.ts';
import { referenceIndex, referenceIndexKey, storedIndex } from '../conformance/reference-index.ts';
import { shared } from '../conformance/shared.ts';
import { countingProxy } from './counting-proxy.ts';
import { startLambda } from './lambda-over-s3.ts';
import { access, hasS3, newBucket, workerVariables } from './server.ts';

/** Runs `rangeway index` over a bucket. */
async function index(bucket: string, ...args: readonly string[]) {
  const where = ['--s3', bucket, '--endpoint', access.endpoint, '--path-style', '--json'];
  const { accessKeyId, secretAccessKey } = access.credentials;
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const child = spawn(process.execPath, [MAIN, 'index', ...where, ...args], { env });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, err, summary: JSON.parse(out.trim().split('\n').at(-1) ?? '{}') };
}

describe.skipIf(!hasS3)('rangeway index over S3', () => {
  test('builds true indexes, skips current ones, and removes those of missing objects', async () => {
    const { bucket, store, put } = await newBucket();
    for (const { key, bytes } of fixtures) await put(key, bytes);
    await put('below/.rangeway/x', new Uint8Array(1));
    const first = await index(bucket);
    expect([first.code, first.summary]).toEqual([
      0,
      expect.objectContaining({ built: fixtures.length, skipped: 0, failed: 0 }),
    ]);
    for (const fixture of fixtures) {
      const opaque = (await store.head(fixture.key))?.etag?.opaque ?? '';
      const read = await store.read(referenceIndexKey(fixture.key));
      if (read.type !== 'open') return expect.fail(`${fixture.key}: ${read.type}`);
      expect(Buffer.from(await new Response(read.body).arrayBuffer())).toEqual(referenceIndex(fixture, opaque));
    }
    await put('digits.txt', new TextEncoder().encode('other'));
    await put(
      referenceIndexKey('gone'),
      referenceIndex({ key: 'gone', bytes: new Uint8Array(), contentType: '' }, 'x'),
    );
    expect((await index(bucket, '--prefix', 'site/', '--prune')).summary).toMatchObject({
      built: 0,
      current: 1,
      removed: 0,
    });
    const second = await index(bucket, '--prune', '--concurrency', '8');
    expect(second.summary).toMatchObject({ built: 1, current: fixtures.length - 1, removed: 1 });
  });

  test('an object in parts gets the SHA-256 that S3 does not have', async () => {
    const { bucket, store, client } = await newBucket();
    const part = new Uint8Array(5 * 2 ** 20 + 1).fill(7);
    const sdk = await import('@aws-sdk/client-s3');
    const where = { Bucket: bucket, Key: 'parts' };
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(where));
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...where, UploadId, PartNumber, Body: part }));
      Parts.push({ PartNumber, ETag });
    }
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }));
    expect((await index(bucket)).summary).toMatchObject({ built: 1 });
    const read = await store.read(referenceIndexKey('parts'));
    if (read.type !== 'open') return expect.fail(read.type);
    const found = await decodePieceIndex(new Uint8Array(await new Response(read.body).arrayBuffer()));
    const bytes = Buffer.concat([part, part]);
    const reference = referenceIndex({ key: 'parts', bytes, contentType: '' }, found?.etag ?? '');
    expect(found?.etag).toMatch(/-2$/);
    expect(Buffer.from(found?.sha256 ?? []).toString('hex')).toBe(reference.subarray(18, 50).toString('hex'));
  });
});

describe.skipIf(!hasS3)('an object that is replaced while it is indexed', () => {
  const SIZE = 6 * 2 ** 20;
  const filled = (value: number) => Buffer.alloc(SIZE, value);
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  test.for([1, 3, 30])('never gets an index of mixed bytes: after %i chunks', async (at) => {
    const { bucket, store, put } = await newBucket();
    await put('key', filled(1));
    const storage = indexedBucket({ bucket, access });
    let chunks = 0;
    let replaced = Promise.resolve();
    const objects: typeof storage.objects = {
      ...storage.objects,
      async read(key, options) {
        const result = await storage.objects.read(key, options);
        if (result.type !== 'open') return result;
        // The next chunk is read when the new version is there.
        const body = result.body.pipeThrough(
          new TransformStream({
            async transform(chunk: Uint8Array, controller) {
              if (++chunks === at) replaced = put('key', filled(2));
              await replaced;
              controller.enqueue(chunk);
            },
          }),
        );
        return { ...result, body };
      },
    };
    const object = { key: 'key', size: SIZE };
    const result = await indexObject({ ...storage, objects }, object, { hashing: nodeHashing });
    expect([chunks >= at, result.type]).toEqual([true, 'built']);
    const read = await store.read(referenceIndexKey('key'));
    if (read.type !== 'open') return expect.fail(read.type);
    const found = await decodePieceIndex(new Uint8Array(await new Response(read.body).arrayBuffer()));
    const whole = Buffer.from(found?.sha256 ?? []).toString('hex');
    expect([sha256(filled(1)), sha256(filled(2))]).toContain(whole);
    const current = (await store.head('key'))?.etag?.opaque;
    if (found?.etag === current) expect(whole).toBe(sha256(filled(2)));
  });
});

describe.skipIf(!hasS3)('piece indexes over S3', () => {
  /** A bucket with the fixtures and their indexes. */
  async function filled() {
    const { bucket, client, store, put } = await newBucket();
    const all = [...fixtures, codedFixture];
    for (const { key, bytes, contentType, contentEncoding } of all)
      await put(key, bytes, { ContentType: contentType, ContentEncoding: contentEncoding });
    for (const fixture of all) {
      const stored = storedIndex(fixture, (await store.head(fixture.key))?.etag?.opaque ?? '');
      if (stored !== undefined) await put(referenceIndexKey(fixture.key), stored);
    }
    return { bucket, client, store, storedAt: Date.now() };
  }

  const start = (options: Omit<GatewayOptions, 'store'>) => async () => {
    const { store, storedAt } = await filled();
    const observers = [{ end: () => undefined }];
    const server = await serve(createGateway({ store, pieces: true, observers, ...options }), { port: 0 });
    return { url: server.url, stop: () => server.stop(1_000), storedAt };
  };

  describeConformance('Node over S3, with pieces,', start({}), { cases: piecesCases });
  const cached = shared(start({ cache: memoryCache({ maxBytes: 2 ** 26 }), blocks: { size: 65_536 } }), 2);
  const cases = [...piecesCases, ...digestCases, ...codedDigestCases];
  describeConformance('Node over S3, with pieces and blocks, cold,', cached, { cases });
  describeConformance('Node over S3, with pieces and blocks, warm,', cached, { cases });

  const onLambda = (mode: 'buffered' | 'stream') => async () => {
    const { storedAt, ...bucket } = await filled();
    const settings: ConfigInput = { pieces: true, cache: { type: 'memory' }, blocks: { size: 65_536 } };
    return { ...(await startLambda(bucket, mode, settings)), storedAt };
  };
  describeConformance('Lambda, buffered, over S3 with pieces', onLambda('buffered'), {
    cases,
    hasHttpsAddresses: true,
  });
  describeConformance('Lambda, streamed, over S3 with pieces', onLambda('stream'), {
    cases,
    remapsLength: true,
    hasHttpsAddresses: true,
  });

  const inWorkerd = (environment: 'cache' | undefined) => async () => {
    const { bucket, storedAt } = await filled();
    const config = fileURLToPath(new URL('workers-pieces.toml', import.meta.url));
    const where = { config, host: '127.0.0.1', port: 0, variables: workerVariables(bucket) };
    const { url, stop } = await startWorkerd(environment === undefined ? where : { ...where, environment });
    return { url, stop, storedAt };
  };
  describeConformance('workerd over S3, with pieces,', inWorkerd(undefined), {
    dropsEmptyFields: true,
    cases: piecesCases,
  });
  const inCache = shared(inWorkerd('cache'), 2);
  describeConformance('workerd over S3, with pieces and blocks, cold,', inCache, { dropsEmptyFields: true, cases });
  describeConformance('workerd over S3, with pieces and blocks, warm,', inCache, { dropsEmptyFields: true, cases });
});

describe.skipIf(!hasS3)('storage requests at the wire, for digests', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);
  let storage: Awaited<ReturnType<typeof newBucket>>;
  beforeAll(async () => {
    storage = await newBucket({ endpoint: proxy.endpoint });
    const fixture = { key: 'key', bytes: new TextEncoder().encode('0123456789'), contentType: '' };
    await storage.put('key', fixture.bytes);
    const opaque = (await storage.store.head('key'))?.etag?.opaque ?? '';
    await storage.put(referenceIndexKey('key'), referenceIndex(fixture, opaque));
  });

  const TTL = 1_000;
  const cache = () => ({ cache: memoryCache({ maxBytes: 2 ** 20 }), blocks: { ttl: TTL } });

  /** The status and the number of requests of each address, in order. */
  async function costs(options: Omit<GatewayOptions, 'store'>, paths: readonly string[]) {
    const gateway = createGateway({ store: storage.store, observers: [], ...options });
    const counts: number[] = [];
    for (const path of paths) {
      if (path === 'wait') await sleep(TTL + 50);
      proxy.take();
      const response = await gateway.request(path === 'wait' ? '/key' : path);
      await response.arrayBuffer();
      expect(response.status).toBe(200);
      counts.push(proxy.take());
    }
    return counts;
  }

  test('digests cost no request more', async () => {
    expect(await costs({ digests: true }, ['/key', '/key'])).toEqual([1, 1]);
  });

  test('a plain GET costs none more without the setting, and without a cache', async () => {
    expect(await costs(cache(), ['/key', '/key'])).toEqual([1, 0]);
    expect(await costs({ pieces: true }, ['/key', '/key'])).toEqual([1, 1]);
  });

  test('with the setting and a cache, one more for each ttl', async () => {
    expect(await costs({ pieces: true, ...cache() }, ['/key', '/key', 'wait', '/key'])).toEqual([2, 0, 2, 0]);
  });

  test.for(['pieces', 'meta4'])('?%s costs two cold, none warm', async (form) => {
    expect(await costs({ pieces: true, ...cache() }, [`/key?${form}`, `/key?${form}`])).toEqual([2, 0]);
  });
});
