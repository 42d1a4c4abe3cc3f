import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createGateway } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

const BODY = new Uint8Array(200_000).fill(7);
const REQUEST = 'GET /key HTTP/1.1\r\nHost: x\r\n\r\n';
/** More than the system buffers for a client that does not read: a few MiB. */
const REQUESTS = 100;

async function openServer() {
  const store = memoryStore();
  await store.put('key', BODY);
  const server = await serve(createGateway({ store, observers: [{ end: () => undefined }] }), { port: 0 });
  const open = async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  return { server, open };
}

/** Waits until nothing more arrives: what the server has not handed to the system then waits for the client. */
async function untilStalled(socket: { readonly bytesRead: number }): Promise<void> {
  for (let before = -1; socket.bytesRead !== before;) {
    before = socket.bytesRead;
    await sleep(300);
  }
}

test('a stop leaves a response whole that has ended, and whose client has not read it yet', async () => {
  const { server, open } = await openServer();
  const [slow, idle] = [await open(), await open()];
  idle.resume().write(REQUEST);
  const idleClosed = once(idle, 'close');
  slow.pause().write(REQUEST.repeat(REQUESTS));
  await untilStalled(slow);
  expect(server.inProgress()).toBe(1);

  const stopped = server.stop(60_000);
  await sleep(300);
  const chunks: Buffer[] = [];
  slow.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(slow, 'close');
  await Promise.all([stopped, idleClosed]);

  const responses = Buffer.concat(chunks).toString('latin1').split('HTTP/1.1 200 OK\r\n').slice(1);
  const lengths = responses.map((text) => text.length - text.indexOf('\r\n\r\n') - 4);
  expect(new Set(lengths)).toEqual(new Set([BODY.length]));
  expect(responses.at(-1)).toMatch(/^Connection: close\r$/im);
  expect(responses.length).toBeLessThan(REQUESTS);
});

test('a stop closes at its limit what a client does not read', async () => {
  const { server, open } = await openServer();
  const slow = await open();
  slow.pause().write(REQUEST.repeat(REQUESTS));
  await untilStalled(slow);
  await server.stop(200);
  await expect.poll(() => server.connections()).toBe(0);
  slow.destroy();
});
