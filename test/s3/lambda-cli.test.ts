import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogEntry } from '../../src/observe/log.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { BUFFERED_LIMIT } from '../../src/platform/lambda/buffered.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { lambdaStreamHandler, STREAMED_LIMIT } from '../../src/platform/lambda/streamed.ts';
import { send } from '../conformance/wire.ts';
import { startCommand } from './command.ts';
import { access, hasS3, newBucket } from './server.ts';

const SMALL = Uint8Array.from({ length: 10_000 }, (_, i) => (i % 5 === 0 ? 0xff : i & 0xff));
const LARGE = Buffer.alloc(BUFFERED_LIMIT + 1, SMALL);

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe.skipIf(!hasS3).each(['buffered', 'stream'])('rangeway lambda --mode %s, over S3', (mode) => {
  let command: ReturnType<typeof startCommand>;
  let url: string;
  beforeAll(async () => {
    const { bucket, put } = await newBucket();
    await put('below/small.txt', SMALL, { ContentType: 'text/plain' });
    await put('below/large', LARGE);
    command = startCommand(bucket, ['lambda', '--mode', mode]);
    url = await command.url();
    expect(command.err()).toContain(`s3://${bucket}/below/ is served by a local function URL (${mode})`);
  });
  afterAll(() => command.stop());
  const length = mode === 'buffered' ? 'Content-Length' : 'x-amzn-remapped-content-length';

  test('a whole object, byte for byte', async () => {
    const response = await fetch(`${url}/small.txt`);
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/plain']);
    expect(response.headers.get(length)).toBe('10000');
    expect((await bytesOf(response)).equals(SMALL)).toBe(true);
  });

  test('a range', async () => {
    const response = await fetch(`${url}/large`, { headers: { Range: 'bytes=4500000-' } });
    expect([response.status, response.headers.get('Content-Range')]).toEqual([206, 'bytes 4500000-4500000/4500001']);
    expect((await bytesOf(response)).equals(LARGE.subarray(-1))).toBe(true);
  });

  test('an object one byte larger than the limit of a buffered response', async () => {
    const response = await fetch(`${url}/large`, { redirect: 'manual' });
    if (mode === 'stream') {
      expect(response.status).toBe(200);
      expect((await bytesOf(response)).equals(LARGE)).toBe(true);
      return;
    }
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([307, 'private, no-store']);
    const link = response.headers.get('Location') ?? '';
    expect(link).toContain(access.endpoint);
    expect((await bytesOf(await fetch(link))).equals(LARGE)).toBe(true);
    const part = await fetch(`${url}/large`, { headers: { Range: 'bytes=0-' } });
    expect([part.status, part.redirected, part.headers.get('Content-Range')]).toEqual([
      206,
      true,
      'bytes 0-4500000/4500001',
    ]);
  });
});

describe.skipIf(!hasS3)('a streamed response beyond the limit of a function URL', () => {
  test('is visibly cut, and its read is closed; a response at the limit is complete', async () => {
    const quiet = console.error;
    console.error = () => undefined;
    const { bucket, client, put } = await newBucket();
    const limit = 1_000_000;
    await put('at', LARGE.subarray(0, limit));
    await put('beyond', LARGE);
    const entries: LogEntry[] = [];
    const config = { bucket, prefix: '', access, settings: {}, overflow: 'redirect', forbidden: 'denied' } as const;
    const gateway = lambdaGateway(client, { ...config, linkSeconds: 60 }, STREAMED_LIMIT, (entry) =>
      entries.push(entry),
    );
    const server = await serveFunction(
      { mode: 'stream', handler: lambdaStreamHandler({ gateway }) },
      { port: 0, streamedLimit: limit },
    );
    const { hostname: host, port } = new URL(server.url);
    const get = (target: string) => send({ host, port: Number(port) }, { method: 'GET', target, headers: [] });
    const beyond = await get('/beyond');
    expect([beyond.status, beyond.complete]).toEqual([200, false]);
    expect(beyond.body.length).toBeLessThanOrEqual(limit);
    await expect.poll(() => entries).toMatchObject([{ key: 'beyond', outcome: 'aborted' }]);
    const at = await get('/at');
    expect([at.status, at.complete, at.body.length]).toEqual([200, true, limit]);
    await server.stop(1_000);
    console.error = quiet;
  });
});
