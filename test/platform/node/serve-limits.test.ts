import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { createGateway, type ListenOptions, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { withInterruptions } from '../../store/with-interruptions.ts';

/** More bytes than the socket buffers of both ends. */
const SIZE = 32 * 1024 * 1024;

let server: NodeServer | undefined;
afterEach(() => server?.stop(100));

async function start(
  limits: Omit<ListenOptions, 'port'>,
  around: (store: ObjectStore) => ObjectStore = (store) => store,
  idleTimeout = 60_000,
) {
  const store = memoryStore();
  await store.put('large', new Uint8Array(SIZE));
  const entries: LogEntry[] = [];
  const log = (entry: LogEntry) => void entries.push(entry);
  const gateway = createGateway({ store: around(store), observers: [logObserver(log)], resume: { idleTimeout } });
  server = await serve(gateway, { port: 0, ...limits });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  return { socket, entries };
}

const GET = 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n';

test('a client that reads nothing is disconnected, and its storage read is closed', async () => {
  const { socket, entries } = await start({ idleTimeout: 200 });
  socket.pause();
  socket.write(GET);
  await expect.poll(() => entries.length, { timeout: 5_000 }).toBe(1);
  expect(entries[0]).toMatchObject({ outcome: 'aborted', status: 200 });
  expect(entries[0]?.bytesSent).toBeLessThan(SIZE);
  socket.destroy();
});

test('a client that reads slowly stays connected', async () => {
  const { socket, entries } = await start({ idleTimeout: 1_000 });
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 10);
  });
  socket.write(GET);
  await expect.poll(() => entries.length, { timeout: 25_000, interval: 100 }).toBe(1);
  expect(entries[0]).toMatchObject({ outcome: 'complete', bytesSent: SIZE });
  await expect.poll(() => received, { timeout: 5_000 }).toBeGreaterThan(SIZE);
  socket.destroy();
});

// Also if its bytes arrive in the turn in which the timeout fires.
test.for([300, 400, 600])(
  'a slow storage does not count as a client that reads nothing: %s ms',
  async (idleTimeout) => {
    const stalling = (store: ObjectStore) =>
      withInterruptions(store, (read) => (read === 0 ? { how: 'hangs', after: 1_000_000 } : undefined));
    const { socket, entries } = await start({ idleTimeout }, stalling, 1_200);
    socket.resume();
    socket.write(GET);
    await expect.poll(() => entries.length, { timeout: 10_000 }).toBe(1);
    expect(entries[0]).toMatchObject({ outcome: 'complete', continued: 1, bytesSent: SIZE });
    socket.destroy();
  },
);

test('a request head that does not arrive gets 408, one that is too large 431', async () => {
  for (const [head, status] of [
    ['GET /large HTTP/1.1\r\nHost: x\r\n', 408],
    [`GET /large HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(4_000)}\r\n\r\n`, 431],
  ] as const) {
    const { socket } = await start({ headerTimeout: 100, headerBytes: 2_000 });
    socket.write(head);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    socket.destroy();
    await server?.stop(100);
  }
});
