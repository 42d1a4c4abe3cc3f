import { Hono } from 'hono';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createGateway, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/index.ts';

let server: NodeServer | undefined;
afterEach(() => server?.stop(100));

/** An app with a gateway, and routes that read their request content. */
async function start(): Promise<string> {
  const app = new Hono()
    .post('/length', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)))
    .post('/unread', (c) => c.text('unread'))
    .put('/echo', (c) => new Response(c.req.raw.body))
    .route('/files', createGateway({ store: memoryStore(), observers: [{ end: () => undefined }] }));
  server = await serve(app, { port: 0 });
  return server.url;
}

test.each([0, 1, 5_000_000])('a route beside the gateway reads %i bytes of content', async (length) => {
  const url = await start();
  const response = await fetch(`${url}/length`, { method: 'POST', body: new Uint8Array(length) });
  expect([response.status, await response.text()]).toEqual([200, String(length)]);
});

test('content without a length is streamed as it arrives', async () => {
  const url = await start();
  const parts = ['one,', 'two,', 'three'];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
  const response = await fetch(`${url}/echo`, { method: 'PUT', body, duplex: 'half' });
  expect(await response.text()).toBe('one,two,three');
});

test('unread content does not block the connection', async () => {
  const url = await start();
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${url}/unread`, { method: 'POST', body: new Uint8Array(100_000) });
    expect(await response.text()).toBe('unread');
  }
});

test('a client that waits for 100 Continue gets it and sends its content', async () => {
  const url = await start();
  const asking = request(`${url}/length`, {
    method: 'POST',
    headers: { Expect: '100-continue', 'Content-Length': '4' },
  });
  asking.flushHeaders();
  await once(asking, 'continue');
  asking.end('four');
  const [response] = await once(asking, 'response');
  response.setEncoding('utf8');
  expect([response.statusCode, (await response.toArray()).join('')]).toEqual([200, '4']);
});

test('a gateway refuses a method with content, and does not read it', async () => {
  const url = await start();
  const response = await fetch(`${url}/files/a`, { method: 'POST', body: new Uint8Array(100_000) });
  expect(response.status).toBe(405);
});
