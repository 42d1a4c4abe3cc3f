import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { serveFunction } from '../../../src/cli/dev/function-url.ts';
import type { FunctionUrlEvent } from '../../../src/platform/lambda/event.ts';
import { handle, streamHandle } from '../../../src/platform/lambda/index.ts';
import type { NodeServer } from '../../../src/platform/node/node-server.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

/** Each byte value, so the content is not valid UTF-8. */
const BYTES = Uint8Array.from({ length: 1_024 }, (_, i) => i & 0xff);

const store = memoryStore();

interface Facts {
  readonly clientAddress?: string;
  readonly event?: FunctionUrlEvent;
}

const app = new Hono<{ Bindings: Facts }>()
  .get('/cookies', (c) => {
    c.header('Set-Cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', { append: true });
    c.header('Set-Cookie', 'b=2', { append: true });
    return c.text('set');
  })
  .all('/echo', async (c) => c.body(await c.req.arrayBuffer(), 200, { 'Content-Type': 'text/plain' }))
  .get('/facts', (c) => c.json([c.env.clientAddress, c.env.event?.rawPath]))
  .route('/files', createGateway({ store, observers: [{ end: () => undefined }] }));

beforeAll(async () => {
  for (const [key, contentType] of [
    ['text.txt', 'text/plain'],
    ['data.json', 'application/json'],
    ['untyped', undefined],
  ] as const)
    await store.put(key, BYTES, contentType === undefined ? {} : { contentType });
});

describe.each(['buffered', 'stream'] as const)('a custom app on Lambda, %s', (mode) => {
  let server: NodeServer;
  beforeAll(async () => {
    server = await serveFunction(
      mode === 'buffered' ? { mode, handler: handle(app) } : { mode, handler: streamHandle(app) },
      { port: 0 },
    );
  });
  afterAll(() => server.stop(1_000));

  test.for(['text.txt', 'data.json', 'untyped'])('%s below /files is delivered with exactly its bytes', async (key) => {
    const response = await fetch(`${server.url}/files/${key}`, { headers: { Range: 'bytes=100-299' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 100-299/1024']);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES.slice(100, 300));
  });

  test('each cookie has its own Set-Cookie line', async () => {
    const { headers } = await fetch(`${server.url}/cookies`);
    expect(headers.getSetCookie()).toEqual(['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2']);
  });
});

const EVENT: FunctionUrlEvent = {
  version: '2.0',
  rawPath: '/echo',
  rawQueryString: '',
  headers: { 'cloudfront-viewer-address': '198.51.100.7:443' },
  requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1' } },
  isBase64Encoded: false,
};

function post(event: Partial<FunctionUrlEvent>): Promise<{ readonly statusCode: number; readonly body: string }> {
  return handle(app)({ ...EVENT, ...event });
}

describe('a request body', () => {
  test.for(['POST', 'PUT', 'PATCH', 'DELETE'])('of %s reaches the app, as text and as base64', async (method) => {
    const requestContext = { http: { method } };
    const encoded = Buffer.from(BYTES).toString('base64');
    expect(await post({ requestContext, body: encoded, isBase64Encoded: true })).toMatchObject({ body: encoded });
    expect(await post({ requestContext, body: 'ä' })).toMatchObject({ body: Buffer.from('ä').toString('base64') });
  });

  test.for(['GET', 'HEAD'])('of %s is dropped', async (method) => {
    expect(await post({ requestContext: { http: { method } }, body: 'x' })).toMatchObject({
      statusCode: 200,
      body: '',
    });
  });
});

describe("the client's address", () => {
  const asked = async (options?: Parameters<typeof handle>[1]): Promise<unknown> => {
    const { body } = await handle(
      app,
      options,
    )({ ...EVENT, rawPath: '/facts', requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } } });
    return JSON.parse(Buffer.from(body, 'base64').toString());
  };

  test('is that of the event, or that from CloudFront if it is configured', async () => {
    expect(await asked()).toEqual(['192.0.2.1', '/facts']);
    expect(await asked({ front: 'cloudfront' })).toEqual(['198.51.100.7', '/facts']);
  });
});
