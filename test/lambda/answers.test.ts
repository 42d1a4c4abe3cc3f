import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STREAMED_LIMIT } from '../../src/platform/lambda/streamed.ts';
import { access, hasS3, newBucket } from '../s3/server.ts';
import { toAnswer, type Answer } from './answer.ts';
import { hasRuntime, startRuntime, type Asked, type Runtime } from './runtime.ts';

/** Every byte value, and long runs of 0xFF and NUL, in which no text and no delimiter may be found. */
const BYTES = Buffer.concat([
  Uint8Array.from({ length: 65_536 }, (_, i) => (i * 7) & 0xff),
  Buffer.alloc(20_000, 0xff),
  Buffer.alloc(20_000),
]);

/** More than a buffered answer takes, and many chunks of a streamed one. */
const LARGE = Buffer.alloc(5_000_000, BYTES);

const TYPES = {
  'plain.bin': 'application/octet-stream',
  'text.txt': 'text/plain; charset=utf-8',
  'data.json': 'application/json',
  'page.html': 'text/html',
} as const;

describe.skipIf(!hasS3 || !hasRuntime).each(['handler', 'streamHandler'] as const)(
  "under AWS's runtime, %s",
  (handler) => {
    let runtime: Runtime;
    beforeAll(async () => {
      const { bucket, put } = await newBucket();
      for (const [key, ContentType] of Object.entries(TYPES)) await put(`below/${key}`, BYTES, { ContentType });
      await put('below/empty', new Uint8Array(0), { ContentType: 'text/html' });
      await put('below/large', LARGE);
      runtime = await startRuntime(handler, {
        AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
        RANGEWAY_BUCKET: bucket,
        RANGEWAY_PREFIX: 'below/',
        RANGEWAY_S3_ENDPOINT: access.endpoint,
        RANGEWAY_S3_PATH_STYLE: 'true',
        RANGEWAY_SETTINGS: JSON.stringify({ cacheControl: 'max-age=60' }),
      });
    });
    afterAll(() => runtime[Symbol.asyncDispose]());
    const get = async (path: string, options?: Asked): Promise<Answer> => toAnswer(await runtime.ask(path, options));

    test.for(Object.entries(TYPES))('each byte of %s, as %s', async ([key, type]) => {
      const { status, headers, body } = await get(`/${key}`);
      expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, type, '105536']);
      expect(headers.get('cache-control')).toBe('max-age=60, no-transform');
      expect(body.equals(BYTES)).toBe(true);
    });

    test('a range', async () => {
      const { status, headers, body } = await get('/text.txt', { headers: { range: 'bytes=65530-65545' } });
      expect([status, headers.get('content-range')]).toEqual([206, 'bytes 65530-65545/105536']);
      expect(body.equals(BYTES.subarray(65_530, 65_546))).toBe(true);
    });

    test('several ranges', async () => {
      const { status, headers, body } = await get('/text.txt', { headers: { range: 'bytes=0-255,70000-70009' } });
      expect(status).toBe(206);
      expect(headers.get('content-type')).toMatch(/^multipart\/byteranges; boundary=/);
      expect(headers.get('content-length')).toBe(String(body.length));
      const first = body.indexOf(BYTES.subarray(0, 256));
      expect(first).toBeGreaterThan(0);
      expect(body.subarray(first + 256).includes(Buffer.alloc(10, 0xff))).toBe(true);
    });

    test('304, 412 and 416', async () => {
      const etag = (await get('/plain.bin')).headers.get('etag') ?? '';
      const unmodified = await get('/plain.bin', { headers: { 'if-none-match': etag } });
      expect([unmodified.status, unmodified.headers.get('etag'), unmodified.body.length]).toEqual([304, etag, 0]);
      expect((await get('/plain.bin', { headers: { 'if-match': '"other"' } })).status).toBe(412);
      const beyond = await get('/plain.bin', { headers: { range: 'bytes=105536-' } });
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */105536']);
    });

    test('HEAD has the head of GET, and no body', async () => {
      const { status, headers, body } = await get('/text.txt', { method: 'HEAD' });
      expect([status, headers.get('content-length'), body.length]).toEqual([200, '105536', 0]);
      expect(headers.get('etag')).toBe((await get('/text.txt')).headers.get('etag'));
    });

    test('an empty object keeps its status and head', async () => {
      const { status, headers, body } = await get('/empty');
      expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'text/html', '0']);
      expect([headers.get('accept-ranges'), body.length]).toEqual(['bytes', 0]);
    });

    test('404 and 405', async () => {
      expect((await get('/missing')).status).toBe(404);
      expect((await get('/text.txt', { method: 'DELETE' })).status).toBe(405);
    });

    test('a large object is streamed whole, or redirected to the same bytes', async () => {
      const { status, headers, body } = await get('/large');
      if (handler === 'streamHandler') {
        expect(LARGE.length).toBeLessThan(STREAMED_LIMIT);
        expect(status).toBe(200);
        expect(body.equals(LARGE)).toBe(true);
      } else {
        expect([status, body.length]).toEqual([307, 0]);
        const linked = await fetch(headers.get('location') ?? '');
        expect(LARGE.equals(await linked.bytes())).toBe(true);
      }
    });

    test('the log has one line for each request', async () => {
      await get('/text.txt', { headers: { range: 'bytes=-1' } });
      await expect
        .poll(runtime.output)
        .toMatch(/INFO\t\{[^\n]*"key":"text.txt","status":206,"range":"bytes=-1","bytesSent":1,/);
    });
  },
);
