import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { createGateway, fsStore, memoryCache } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { send } from '../../conformance/wire.ts';

const SIZE = 32 * 1024 * 1024;
const folder = await mkdtemp(join(tmpdir(), 'rangeway-node-'));
await writeFile(join(folder, 'large.bin'), new Uint8Array(SIZE));
const entries: LogEntry[] = [];
const server = await serve(
  createGateway({ store: fsStore(folder), observers: [logObserver((entry) => entries.push(entry))] }),
  { port: 0 },
);
const origin = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
afterAll(async () => {
  await server.stop(1_000);
  await rm(folder, { recursive: true });
});

/** The number of files of the folder that this process has open. */
function openFiles(): number {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return open.filter((path) => path.startsWith(folder)).length;
}

/** Sends a request and disconnects after `wait` ms. */
async function leaveAfter(wait: number, head = 'GET /large.bin HTTP/1.1\r\nHost: x\r\n'): Promise<void> {
  const socket = connect(origin.port, origin.host);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`${head}\r\n`);
  await new Promise((resolve) => setTimeout(resolve, wait));
  socket.destroy();
}

describe('clients that disconnect', () => {
  test('at any time: each file is closed, and each request is logged once, as aborted', async () => {
    entries.length = 0;
    const waits = Array.from({ length: 100 }, (_, i) => i % 10);
    await Promise.all(waits.map((wait) => leaveAfter(wait)));
    await expect.poll(openFiles, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => entries.length).toBe(100);
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['aborted']));
    expect(entries.every(({ bytesSent }) => bytesSent !== null && bytesSent < SIZE)).toBe(true);
  });

  test('in the middle of several parts', async () => {
    entries.length = 0;
    await leaveAfter(
      20,
      `GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9999999,11000000-20999999,22000000-\r\n`,
    );
    await expect.poll(openFiles).toBe(0);
    await expect.poll(() => entries.map(({ outcome, status }) => [outcome, status])).toEqual([['aborted', 206]]);
  });
});

test('a client that does not read applies back-pressure to the storage', async () => {
  entries.length = 0;
  const socket = connect(origin.port, origin.host);
  socket.pause();
  socket.write('GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.destroy();
  await expect.poll(() => entries.length).toBe(1);
  // As much as fits into the socket buffers, not the whole object.
  expect(entries[0]?.bytesRead).toBeLessThan(SIZE / 2);
});

test.for(['TRACE', 'PROPFIND', 'POST'])('%s is refused with Allow', async (method) => {
  const response = await send(origin, { method, target: '/large.bin', headers: [] });
  expect(response.status).toBe(405);
});

test('an invalid request target is refused', async () => {
  expect((await send(origin, { method: 'GET', target: 'http://[::bad/', headers: [] })).status).toBe(400);
});

test('a target in absolute form is served by its path', async () => {
  const target = `${server.url}/large.bin`;
  expect((await send(origin, { method: 'HEAD', target, headers: [] })).status).toBe(200);
});

test('pipelined requests get their responses in order, each with its own bytes', async () => {
  const store = memoryStore();
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  await store.put('a', bytes);
  const cached = createGateway({
    store,
    cache: memoryCache({ maxBytes: 2 ** 20 }),
    observers: [{ end: () => undefined }],
  });
  const own = await serve(cached, { port: 0 });
  const ask = (start: number, end: number) =>
    `GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=${start}-${end - 1}\r\n${end === bytes.length ? 'Connection: close\r\n' : ''}\r\n`;
  // Small, large and chunked bodies, and errors, in turn.
  const lengths = [1, 4_096, 5_000, 90_000];
  const spans = lengths.flatMap((length) => [0, 7, 9_999].map((start) => [start, start + length] as const));
  const text = [...spans.map(([start, end]) => ask(start, end)), ask(0, bytes.length)].join('');
  for (let round = 0; round < 2; round++) {
    const socket = connect(Number(new URL(own.url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(text);
    await once(socket, 'close');
    let left = Buffer.concat(chunks);
    for (const [start, end] of [...spans, [0, bytes.length] as const]) {
      const head = left.indexOf('\r\n\r\n') + 4;
      expect(left.subarray(0, head).toString()).toContain(`Content-Range: bytes ${start}-${end - 1}/100000\r\n`);
      expect(left.subarray(head, head + end - start).equals(bytes.subarray(start, end))).toBe(true);
      left = left.subarray(head + end - start);
    }
    expect(left.length).toBe(0);
  }
  await own.stop(1_000);
});

test('Expect: 100-continue gets the final response at once, because a 100 could end up inside a pipelined response', async () => {
  const socket = connect(origin.port, origin.host);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const get = 'GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n';
  socket.write(`${get}\r\n${get}Expect: 100-continue\r\n\r\n`);
  await once(socket, 'close');
  const [, ...answers] = Buffer.concat(chunks).toString('latin1').split('HTTP/1.1 ');
  expect(answers.map((answer) => answer.replace(/\r\n[^]*?\r\n\r\n/, ': '))).toEqual([
    `206 Partial Content: ${'\0'.repeat(10)}`,
    `206 Partial Content: ${'\0'.repeat(10)}`,
  ]);
});
