import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../../src/config/settings.ts';
import { createGateway, memoryCache } from '../../src/platform/node/index.ts';
import { secondIsOver } from '../conformance/second-is-over.ts';
import { countingProxy } from './counting-proxy.ts';
import { hasS3, newBucket } from './server.ts';

const KiB = 1024;
const BLOCK = 64 * KiB;
/** Sixteen blocks and a partial one; a segment of eight blocks is one read. */
const SIZE = 16 * BLOCK + 1_000;

const content = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) ^ (i & 255));

describe.skipIf(!hasS3)('at the wire, with a cache', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);
  let storage: Awaited<ReturnType<typeof newBucket>>;

  const open = (blocks: SettingsInput['blocks'] = {}) =>
    createGateway({
      store: storage.store,
      cache: memoryCache({ maxBytes: 64 * 1024 * KiB }),
      blocks: { size: BLOCK, ...blocks },
      observers: [{ end: () => undefined }],
    });
  let warm: ReturnType<typeof open>;
  let etag = '';
  let date = '';

  beforeAll(async () => {
    // In a hook, because the body of a skipped suite is still run.
    storage = await newBucket({ endpoint: proxy.endpoint });
    await storage.put('object', content);
    warm = open();
    const { headers } = await ask(warm, {});
    etag = headers.get('ETag') ?? '';
    date = headers.get('Last-Modified') ?? '';
    await secondIsOver(Date.parse(date));
  });

  /** A response with its body, and the number of storage requests. */
  async function ask(gateway: ReturnType<typeof open>, headers: Record<string, string>, method = 'GET') {
    proxy.take();
    const response = await gateway.request('/object', { method, headers });
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body, requests: proxy.take() };
  }

  const forms = [
    ['all', undefined, 0, SIZE],
    ['a bounded range inside a block', 'bytes=10-19', 10, 20],
    ['a bounded range over blocks', `bytes=${BLOCK - 5}-${3 * BLOCK + 4}`, BLOCK - 5, 3 * BLOCK + 5],
    ['a range from an offset', `bytes=${5 * BLOCK}-`, 5 * BLOCK, SIZE],
    ['a suffix', 'bytes=-1500', SIZE - 1_500, SIZE],
    ['a range that ends beyond the end', `bytes=${SIZE - 10}-${SIZE + 10}`, SIZE - 10, SIZE],
  ] as const;

  test.for(forms)('warm, %s costs no request', async ([, range, start, end]) => {
    const { status, body, requests } = await ask(warm, range === undefined ? {} : { Range: range });
    expect([status, requests]).toEqual([range === undefined ? 200 : 206, 0]);
    expect(Buffer.compare(body, content.subarray(start, end))).toBe(0);
  });

  test('warm, several ranges cost no request', async () => {
    const { status, body, requests } = await ask(warm, { Range: `bytes=0-9,${8 * BLOCK}-${8 * BLOCK + 9},-10` });
    expect([status, requests]).toEqual([206, 0]);
    expect(Buffer.from(body).includes(Buffer.from(content.subarray(8 * BLOCK, 8 * BLOCK + 10)))).toBe(true);
  });

  test.for([
    ['HEAD', 'HEAD', () => ({}), 200],
    ['304 by the tag', 'GET', () => ({ 'If-None-Match': etag }), 304],
    ['304 by the date', 'GET', () => ({ 'If-Modified-Since': date }), 304],
    ['416', 'GET', () => ({ Range: `bytes=${SIZE}-` }), 416],
    ['206 by If-Range with the tag', 'GET', () => ({ Range: 'bytes=0-9', 'If-Range': etag }), 206],
    ['206 by If-Range with the date', 'GET', () => ({ Range: 'bytes=0-9', 'If-Range': date }), 206],
  ] as const)('warm, the answer %s costs nothing', async ([, method, headers, status]) => {
    const answer = await ask(warm, headers(), method);
    expect([answer.status, answer.requests]).toEqual([status, 0]);
  });

  test('a precondition with another version than the cached one causes a request, because the storage may have a newer one', async () => {
    const gateway = open();
    await ask(gateway, {});
    const { status, requests } = await ask(gateway, { 'If-Match': '"another"' });
    expect([status, requests]).toEqual([412, 1]);
  });

  test('If-Range with another version than the cached one costs one request, and the blocks come from the cache', async () => {
    const gateway = open();
    await ask(gateway, {});
    const { status, body, requests } = await ask(gateway, { Range: 'bytes=0-9', 'If-Range': '"another"' });
    expect([status, body.length, requests]).toEqual([200, SIZE, 1]);
  });

  test('stale metadata of an unchanged object cost one request, and its blocks none', async () => {
    const gateway = open({ ttl: 1 });
    await ask(gateway, {});
    await sleep(10);
    const { status, body, requests } = await ask(gateway, { Range: `bytes=${BLOCK}-${3 * BLOCK}` });
    expect([status, body.length, requests]).toEqual([206, 2 * BLOCK + 1, 1]);
  });

  test('after a purge the next request costs one storage request', async () => {
    const token = 'a-token-that-nobody-guesses-0123456789';
    const cache = memoryCache({ maxBytes: 64 * 1024 * KiB });
    const gateway = createGateway({
      store: storage.store,
      cache,
      blocks: { size: BLOCK },
      purge: { token },
      observers: [{ end: () => undefined }],
    });
    await ask(gateway, {});
    const purged = await ask(gateway, { Authorization: `Bearer ${token}` }, 'PURGE');
    expect([purged.status, purged.requests]).toEqual([204, 0]);
    expect((await ask(gateway, {}, 'HEAD')).requests).toBe(1);
    expect((await ask(gateway, {})).requests).toBe(0);
  });

  test('cold, distant ranges cost one request each', async () => {
    const { status, requests } = await ask(open(), { Range: `bytes=0-9,${12 * BLOCK}-${12 * BLOCK + 9}` });
    expect([status, requests]).toEqual([206, 2]);
  });

  test('cold, each form of range within a segment costs one request', async () => {
    for (const range of ['bytes=-1500', 'bytes=10-19', `bytes=0-${8 * BLOCK - 1}`, `bytes=${12 * BLOCK}-`]) {
      const gateway = open();
      const cold = await ask(gateway, { Range: range });
      expect([range, cold.status, cold.requests]).toEqual([range, 206, 1]);
    }
  });

  test('50 clients of the same cold block at the same time cost one request', async () => {
    const gateway = open();
    proxy.take();
    const range = { Range: `bytes=${BLOCK}-${2 * BLOCK - 1}` };
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await gateway.request('/object', { headers: range });
        return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
      }),
    );
    expect(proxy.take()).toBe(1);
    for (const { status, body } of answers) {
      expect(status).toBe(206);
      expect(Buffer.compare(body, content.subarray(BLOCK, 2 * BLOCK))).toBe(0);
    }
  });

  test('cold, the whole object costs one request for each segment', async () => {
    const { status, body, requests } = await ask(open(), {});
    expect([status, body.length]).toEqual([200, SIZE]);
    expect(requests).toBeLessThanOrEqual(Math.ceil(SIZE / (8 * BLOCK)));
  });
});
