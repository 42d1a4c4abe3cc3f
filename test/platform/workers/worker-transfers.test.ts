import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { listFiles } from '../../../src/cli/dev/files.ts';
import { checkEventStream } from '../../contract/transfer-event-streams.ts';
import { checkTransfersPage } from '../../contract/transfers-page.ts';
import { fill } from '../../../src/cli/dev/fill.ts';
import { startWorkerd, type Workerd } from '../../../src/cli/dev/workerd.ts';
import {
  DownloadsSchema,
  TransferDetailsSchema,
  TransfersPageSchema,
} from '../../../src/gateway/handlers/transfers-schema.ts';

const MiB = 1024 * 1024;
const SIZE = 24 * MiB;
const TOKEN = '0123456789abcdef0123456789abcdef';

let folder: string;
let workerd: Workerd;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-transfers-'));
  await writeFile(join(folder, 'large.bin'), new Uint8Array(SIZE));
  await writeFile(join(folder, 'empty.txt'), '');
  await writeFile(join(folder, 'small.txt'), 'small');
  workerd = await startWorkerd({
    config: fileURLToPath(new URL('../../workers/transfers/wrangler.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    variables: { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32) },
  });
  await fill(workerd.bucket, await listFiles(folder), () => undefined);
});
afterAll(async () => {
  await workerd.stop();
  await rm(folder, { recursive: true });
});

/** Sends one request, and leaves after some bytes of the answer. */
async function get(agent: string, range?: string, atMost = Infinity, path = '/large.bin'): Promise<void> {
  const { hostname, port } = new URL(workerd.url);
  const socket = connect(Number(port), hostname);
  const fields = ['Host: a', `User-Agent: ${agent}`, 'CF-Connecting-IP: 192.0.2.1', 'Connection: close'];
  if (range !== undefined) fields.push(`Range: bytes=${range}`);
  socket.write(`GET ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > atMost) socket.destroy();
  });
  await once(socket, 'close');
}

async function read<const Schema extends v.GenericSchema>(schema: Schema, path: string) {
  const response = await fetch(`${workerd.url}/.rangeway/${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(response.status).toBe(200);
  return v.parse(schema, await response.json());
}

/** The only transfer that has so many requests, when none runs. */
async function transferAfter(requests: number, key = 'large.bin', mount = '/') {
  const find = async () => {
    const { transfers } = await read(TransfersPageSchema, `transfers?key=${key}&mount=${mount}`);
    return transfers.find((transfer) => transfer.requests === requests && transfer.state !== 'active');
  };
  await expect.poll(find, { timeout: 20_000 }).toBeDefined();
  const found = await find();
  return read(TransferDetailsSchema, `transfers/${found?.id}`);
}

/** Waits until the Worker has seen that clients have left. A client that continues before counts when it asks again. */
async function untilIdle(): Promise<void> {
  const running = async () => (await read(TransfersPageSchema, 'transfers?state=active')).transfers.length;
  await expect.poll(running, { timeout: 20_000 }).toBe(0);
}

describe('transfers in workerd, with native pipes and three shards', () => {
  test('count what programs download', { timeout: 120_000 }, async () => {
    await get('whole');
    expect(await transferAfter(1)).toMatchObject({
      state: 'complete',
      complete: 1,
      bytesSent: SIZE,
      intervals: [[0, SIZE, 1]],
    });
    // How many bytes were sent to a client that left is not known; its next requests show it.
    await get('resuming', undefined, 5 * MiB);
    await untilIdle();
    await get('resuming', `${4 * MiB}-`, 3 * MiB);
    await untilIdle();
    await get('resuming', `${6 * MiB}-`);
    expect(await transferAfter(3)).toMatchObject({ state: 'complete', complete: 1, intervals: [[0, SIZE, 1]] });
    const part = SIZE / 16;
    await Promise.all(Array.from({ length: 16 }, (_, i) => get('parallel', `${i * part}-${(i + 1) * part - 1}`)));
    expect(await transferAfter(16)).toMatchObject({ state: 'complete', complete: 1 });
    await get('leaving', undefined, SIZE / 10);
    await get('leaving', '0-1');
    expect(await transferAfter(2)).toMatchObject({ state: 'paused', complete: 0 });
    await get('empty', undefined, Infinity, '/empty.txt');
    expect(await transferAfter(1, 'empty.txt')).toMatchObject({ complete: 1 });
    expect((await read(DownloadsSchema, 'downloads?key=large.bin&mount=/')).downloads).toEqual([
      expect.objectContaining({ complete: 3, started: 4, readers: 4 }),
    ]);
  });
  test('are imported from a log, once', async () => {
    const at = Date.now() + 2_000;
    const logged = {
      at,
      endedAt: at,
      host: 'a',
      target: '/small.txt',
      address: '192.0.2.9',
      agent: 'x',
      status: 200,
      bytes: 5,
    };
    const body = JSON.stringify({ batch: 'b'.repeat(64), requests: [logged, { ...logged, target: '/none' }] });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    for (let i = 0; i < 2; i++) {
      const response = await fetch(`${workerd.url}/.rangeway/transfers/import`, { method: 'POST', headers, body });
      expect([response.status, await response.json()]).toEqual([200, { imported: 1, skipped: 1 }]);
    }
    expect((await read(TransfersPageSchema, 'transfers?key=small.txt')).transfers).toEqual([
      expect.objectContaining({ complete: 1, requests: 1, bytesSent: 5 }),
    ]);
  });
  test('have a page', { timeout: 60_000 }, () => checkTransfersPage(workerd.url));

  test('are a stream of events', { timeout: 60_000 }, () =>
    checkEventStream(workerd.url, TOKEN, (agent) => get(agent, undefined, Infinity, '/small.txt')),
  );

  test('count the bytes of broken responses, if the mount says so', { timeout: 60_000 }, async () => {
    const path = '/exact/large.bin';
    await get('leaving', undefined, SIZE / 4, path);
    await untilIdle();
    const left = await transferAfter(1, 'large.bin', '/exact');
    // Nothing was asked for again, and the bytes are known: those that were received, and those in buffers of sockets.
    expect(left.intervals).toEqual([[0, left.bytesSent, 1]]);
    expect(left.bytesSent).toBeGreaterThanOrEqual(SIZE / 4);
    expect(left.bytesSent).toBeLessThan(SIZE);
    expect(left.progress).toBeCloseTo(left.bytesSent / SIZE, 6);
    await get('leaving', `${SIZE / 4}-`, Infinity, path);
    expect(await transferAfter(2, 'large.bin', '/exact')).toMatchObject({ state: 'complete', complete: 1 });
    await get('parts', '0-9,20-29', Infinity, path);
    const parts = await transferAfter(1, 'large.bin', '/exact');
    expect(parts.intervals).toEqual([
      [0, 10, 1],
      [20, 30, 1],
    ]);
  });
});
