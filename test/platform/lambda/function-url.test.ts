import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ipAccess } from '../../../src/access/index.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { serveFunction } from '../../../src/cli/dev/function-url.ts';
import { lambdaHandler } from '../../../src/platform/lambda/buffered.ts';
import type { LambdaHandlerOptions } from '../../../src/platform/lambda/event.ts';
import { lambdaStreamHandler } from '../../../src/platform/lambda/streamed.ts';
import type { NodeServer } from '../../../src/platform/node/node-server.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { send } from '../../conformance/wire.ts';
import { bodyOf, representation } from '../../gateway/store-double.ts';

const BYTES = Uint8Array.from({ length: 100_000 }, (_, i) => (i % 7 === 0 ? 0xff : i & 0xff));
const BREAKS = representation(1_000_000);

const memory = memoryStore();
const entries: LogEntry[] = [];

/** Objects in memory, and one whose body breaks after half. */
const store: ObjectStore = {
  head: async (key) => (key === 'breaks' ? BREAKS : memory.head(key)),
  read: async (key, options) =>
    key === 'breaks'
      ? {
          type: 'open',
          representation: BREAKS,
          span: { start: 0, end: 1_000_000 },
          body: bodyOf([BYTES, BYTES, BYTES, BYTES], new Error('the storage hung up')),
        }
      : memory.read(key, options),
};
const gateway = createGateway({ store, observers: [logObserver((entry) => entries.push(entry))] });

beforeAll(async () => {
  await memory.put('ff.bin', BYTES);
  await memory.put('text.txt', BYTES, { contentType: 'text/plain; charset=utf-8' });
  await memory.put('data.json', BYTES, { contentType: 'application/json' });
  await memory.put('empty', new Uint8Array(0), { contentType: 'text/html' });
});

describe.each(['buffered', 'stream'] as const)('a function URL, %s', (mode) => {
  let server: NodeServer;
  const quiet = console.error;
  beforeAll(async () => {
    console.error = () => undefined;
    server = await serveFunction(
      mode === 'buffered'
        ? { mode, handler: lambdaHandler({ gateway }) }
        : { mode, handler: lambdaStreamHandler({ gateway }) },
      { port: 0 },
    );
  });
  afterAll(async () => {
    console.error = quiet;
    await server.stop(1_000);
  });
  const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, init);
  test.each(['health', 'ready'])('answers /.rangeway/%s, to HEAD too', async (name) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(`/.rangeway/${name}`, { method });
      expect([response.status, (await response.text()) !== '']).toEqual([200, method === 'GET']);
    }
    expect((await ask('/.rangeway/metrics')).status).toBe(404);
  });

  const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
  const length = mode === 'buffered' ? 'content-length' : 'x-amzn-remapped-content-length';

  test.for(['ff.bin', 'text.txt', 'data.json'])('each byte of %s is delivered, for any media type', async (key) => {
    const response = await ask(`/${key}`);
    expect(response.status).toBe(200);
    expect(response.headers.get(length)).toBe('100000');
    expect(Buffer.compare(await bytesOf(response), BYTES)).toBe(0);
  });

  test('an empty object keeps its status and head', async () => {
    const response = await ask('/empty');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(response.headers.get('etag')).toMatch(/^"/);
    expect(response.headers.get(length)).toBe('0');
    expect(await response.text()).toBe('');
  });

  test('HEAD has the Content-Length of the object and no body', async () => {
    const response = await ask('/ff.bin', { method: 'HEAD' });
    expect([response.status, response.headers.get(length)]).toEqual([200, '100000']);
  });

  test('a range', async () => {
    const response = await ask('/text.txt', { headers: { Range: 'bytes=7-14' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 7-14/100000']);
    expect(await bytesOf(response)).toEqual(BYTES.slice(7, 15));
  });

  test('several ranges', async () => {
    const response = await ask('/text.txt', { headers: { Range: 'bytes=0-6,50000-50006' } });
    const body = Buffer.from(await bytesOf(response));
    expect(response.status).toBe(206);
    expect(response.headers.get('content-type')).toMatch(/^multipart\/byteranges/);
    expect(body.includes(Buffer.from(BYTES.slice(50_000, 50_007)))).toBe(true);
    expect(response.headers.get(length)).toBe(String(body.length));
  });

  test('304, 416, 404, 405', async () => {
    const etag = (await ask('/ff.bin', { method: 'HEAD' })).headers.get('etag') ?? '';
    const unmodified = await ask('/ff.bin', { headers: { 'If-None-Match': etag } });
    expect([unmodified.status, unmodified.headers.get('etag'), await unmodified.text()]).toEqual([304, etag, '']);
    const beyond = await ask('/ff.bin', { headers: { Range: 'bytes=100000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */100000']);
    expect((await ask('/missing')).status).toBe(404);
    expect((await ask('/ff.bin', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  test('an interrupted body is never delivered as complete', async () => {
    entries.length = 0;
    if (mode === 'buffered') {
      const response = await ask('/breaks');
      expect([response.status, await response.text()]).toEqual([502, '{"message":"Internal Server Error"}']);
    } else {
      const { hostname, port } = new URL(server.url);
      const response = await send(
        { host: hostname, port: Number(port) },
        { method: 'GET', target: '/breaks', headers: [] },
      );
      expect([response.status, response.complete]).toEqual([200, false]);
    }
    await expect.poll(() => entries.map(({ outcome }) => outcome)).toEqual(['failed']);
  });
});

test('a function URL passes on the method PURGE', async () => {
  const token = 'a-token-that-nobody-guesses-0123456789';
  const purgeable = createGateway({ store, observers: [{ end: () => undefined }], purge: { token } });
  const handler = lambdaHandler({ gateway: purgeable });
  const server = await serveFunction({ mode: 'buffered', handler }, { port: 0 });
  const ask = (sent: string) =>
    fetch(`${server.url}/ff.bin`, { method: 'PURGE', headers: { Authorization: `Bearer ${sent}` } });
  expect((await ask(token)).status).toBe(204);
  expect((await ask(`${token}x`)).status).toBe(401);
  await server.stop(1_000);
});

describe("a rule that needs the client's address", () => {
  const guarded = (block: string) =>
    createGateway({ store, observers: [{ end: () => undefined }], access: ipAccess([block]) });
  const VIEWER = { 'CloudFront-Viewer-Address': '203.0.113.9:443' };

  async function statusFor(options: LambdaHandlerOptions, headers: Record<string, string>): Promise<readonly number[]> {
    const functions = [
      { mode: 'buffered', handler: lambdaHandler(options) },
      { mode: 'stream', handler: lambdaStreamHandler(options) },
    ] as const;
    const statuses: number[] = [];
    for (const local of functions) {
      const server = await serveFunction(local, { port: 0 });
      const response = await fetch(`${server.url}/ff.bin`, { method: 'HEAD', headers });
      statuses.push(response.status);
      await server.stop(1_000);
    }
    return statuses;
  }

  test('on a plain function URL uses the address of the connection, and no field of the client', async () => {
    expect(await statusFor({ gateway: guarded('127.0.0.1') }, VIEWER)).toEqual([200, 200]);
    expect(await statusFor({ gateway: guarded('203.0.113.0/24') }, VIEWER)).toEqual([403, 403]);
  });

  test('behind CloudFront uses the address of the viewer, not that of CloudFront', async () => {
    const front = 'cloudfront';
    expect(await statusFor({ gateway: guarded('203.0.113.0/24'), front }, VIEWER)).toEqual([200, 200]);
    expect(await statusFor({ gateway: guarded('127.0.0.1'), front }, VIEWER)).toEqual([403, 403]);
    expect(await statusFor({ gateway: guarded('127.0.0.1'), front }, {})).toEqual([403, 403]);
  });
});

describe('limits of the function URL', () => {
  test('a buffered response of more than 6 MB is a 502, as on Lambda', async () => {
    const quiet = console.error;
    console.error = () => undefined;
    await memory.put('large', new Uint8Array(5_000_000));
    const server = await serveFunction({ mode: 'buffered', handler: lambdaHandler({ gateway }) }, { port: 0 });
    expect((await fetch(`${server.url}/large`)).status).toBe(502);
    await server.stop(1_000);
    console.error = quiet;
  });
});
