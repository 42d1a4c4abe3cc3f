import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway, openNodeConfig, parseConfig } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { s3Storage } from '../../src/platform/s3/index-node.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { ODD_KEYS } from './odd-keys.ts';
import { access, hasS3, workerVariables } from './server.ts';

const BUCKET = 'odd-keys';

const MOUNTS = [
  { path: '/presigned' },
  { path: '/commands', store: { type: 's3', bucket: BUCKET, reads: 'commands' } },
] as const;

const PLATFORMS = {
  async Node() {
    const own = s3Storage({ access, bucket: BUCKET });
    const config = await openNodeConfig(parseConfig({ mounts: [...MOUNTS] }), own, access);
    const { url, stop } = await serve(createGateway({ ...config, observers: [{ end: () => undefined }] }), { port: 0 });
    return { url, stop: () => stop(1_000) };
  },
  workerd: () =>
    startWorkerd({
      config: fileURLToPath(new URL('workers-odd-keys.toml', import.meta.url)),
      host: '127.0.0.1',
      port: 0,
      variables: workerVariables(BUCKET),
      onOutput: () => undefined,
    }),
};

/** Sends paths unchanged: `fetch` and URL would normalize some of them. */
async function ask(url: string, path: string, method: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(url);
  return new Promise<{ status: number | undefined; length: string | undefined; bytes: Buffer }>((resolve, reject) => {
    const req = request({ hostname, port, path, method, headers, agent: false }, (res) => {
      buffer(res).then(
        (bytes) => resolve({ status: res.statusCode, length: res.headers['content-length'], bytes }),
        reject,
      );
    });
    req.on('error', reject).end();
  });
}

describe.skipIf(!hasS3)('each odd key reads its own object', () => {
  beforeAll(async () => {
    const client = new S3Client({ ...access, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const key of ODD_KEYS) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: `=${key}` }));
    client.destroy();
  });

  test('the table has 45 keys, all different', () => {
    expect(new Set(ODD_KEYS).size).toBe(45);
    expect(Math.max(...ODD_KEYS.map((key) => Buffer.byteLength(key)))).toBe(1024);
  });

  describe.each(Object.entries(PLATFORMS))('on %s', (_, start) => {
    let gateway: { readonly url: string; stop(): Promise<void> };
    beforeAll(async () => {
      gateway = await start();
    });
    afterAll(() => gateway?.stop());

    describe.each(MOUNTS)('below $path', ({ path }) => {
      test('a missing key is 404, a range beyond the end 416, and a matching tag 304', async () => {
        const statusOf = async (...asked: readonly [string, string, Record<string, string>]) =>
          (await ask(gateway.url, `${path}/${asked[0]}`, asked[1], asked[2])).status;
        expect(await statusOf('none', 'GET', {})).toBe(404);
        expect(await statusOf('none', 'HEAD', {})).toBe(404);
        expect(await statusOf('plain.bin', 'GET', { Range: 'bytes=99-' })).toBe(416);
        expect(await statusOf('plain.bin', 'GET', { 'If-Match': '"other"' })).toBe(412);
        expect(await statusOf('plain.bin', 'GET', { 'If-None-Match': '*' })).toBe(304);
        const { headers } = await fetch(`${gateway.url}${path}/plain.bin`, { method: 'HEAD' });
        const tag = headers.get('ETag') ?? '';
        for (const list of [tag, `W/${tag}`, `"a", ${tag}`]) {
          expect(await statusOf('plain.bin', 'GET', { 'If-None-Match': list })).toBe(304);
        }
      });

      test.each(ODD_KEYS.map((key) => ({ name: key.slice(0, 40), key })))('$name', async ({ key }) => {
        const address = `${path}/${key.split('/').map(encodeURIComponent).join('/')}`;
        const stored = Buffer.from(`=${key}`);
        expect(await ask(gateway.url, address, 'GET', {})).toEqual({
          status: 200,
          length: String(stored.length),
          bytes: stored,
        });
        expect(await ask(gateway.url, address, 'HEAD', {})).toMatchObject({
          status: 200,
          length: String(stored.length),
        });
        const part = await ask(gateway.url, address, 'GET', { Range: 'bytes=1-' });
        expect([part.status, part.bytes.toString()]).toEqual([206, key]);
      });
    });
  });
});
