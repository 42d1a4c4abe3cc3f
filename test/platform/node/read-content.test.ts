import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { basicAccess, memoryStore, memoryTransferStore, trackTransfers } from '../../../src/index.ts';
import { createGateway, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';

const AUTHORIZATION = `Basic ${btoa('ann:secret of ann')}`;

let server: NodeServer;
let etag: string;
const states = memoryTransferStore();

beforeEach(async () => {
  const store = memoryStore();
  await store.put('a', new Uint8Array(100));
  const access = basicAccess({ users: [{ name: 'ann', password: 'secret of ann' }] });
  const gateway = createGateway({ store, access, observers: [], transfers: trackTransfers({ store: states }) });
  server = await serve(gateway, { port: 0, headerTimeout: 2_000 });
  const response = await fetch(`${server.url}/a`, { headers: { Authorization: AUTHORIZATION } });
  await response.arrayBuffer();
  etag = response.headers.get('ETag') ?? '';
});
afterEach(async () => {
  await server.stop(100);
  await states.deleteReader('user:ann');
});

function post(body: string | ReadableStream<Uint8Array>): Promise<Response> {
  const headers = { Authorization: AUTHORIZATION };
  return fetch(`${server.url}/a?transfer`, { method: 'POST', headers, body, duplex: 'half' });
}

test('a receipt that arrives in pieces, without a length', async () => {
  const text = JSON.stringify({ etag, intervals: [[0, 40]] });
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const character of text) {
        controller.enqueue(new TextEncoder().encode(character));
        await new Promise((resolve) => setImmediate(resolve));
      }
      controller.close();
    },
  });
  const response = await post(body);
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"progress":0.4')]);
});

test('content that is too long, with a length and without', async () => {
  const long = 'x'.repeat(200_000);
  const streamed = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(long));
      controller.close();
    },
  });
  for (const body of [long, streamed]) {
    const response = await post(body);
    expect([response.status, response.headers.get('Connection')]).toEqual([413, 'close']);
    await response.arrayBuffer();
  }
  const after = await post(JSON.stringify({ etag, intervals: [[0, 100]] }));
  expect(after.status).toBe(200);
});

test('a client that waits for 100 Continue', async () => {
  const body = JSON.stringify({ etag, intervals: [[0, 100]] });
  const headers = { Authorization: AUTHORIZATION, Expect: '100-continue', 'Content-Length': body.length };
  const asking = request(`${server.url}/a?transfer`, { method: 'POST', headers });
  asking.flushHeaders();
  await once(asking, 'continue');
  const answered = once(asking, 'response');
  asking.end(body);
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  response.resume();
});

test('a client that leaves within its receipt changes nothing', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const fields = `Host: a\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Length: 500`;
  socket.write(`POST /a?transfer HTTP/1.1\r\n${fields}\r\n\r\n{"etag":`);
  await expect.poll(() => server.inProgress()).toBe(1);
  socket.destroy();
  await expect.poll(() => server.inProgress()).toBe(0);
  const found = await states.list({ reader: 'user:ann' }, 10);
  expect(found.map(({ complete }) => complete)).toEqual([1]);
});

test('content that no part reads does not block the connection', async () => {
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${server.url}/a`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(response.status).toBe(405);
    await response.arrayBuffer();
  }
});
