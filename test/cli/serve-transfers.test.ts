import { spawn } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { DownloadsSchema, TransfersPageSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { checkEventStream, openEventStream } from '../contract/transfer-event-streams.ts';
import { killAll, MAIN, startServer, stop } from './commands.ts';

const MiB = 1024 * 1024;
const SIZE = 24 * MiB;
const TOKEN = '0123456789abcdef0123456789abcdef';
const PASSWORD = 'a long password of ann';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-transfers-'));
  await writeFile(join(folder, 'large.bin'), '');
  await truncate(join(folder, 'large.bin'), SIZE);
  await writeFile(join(folder, 'empty.txt'), '');
  const settings = {
    admin: { token: 'ADMIN_TOKEN' },
    transfers: { secret: 'TRANSFERS_SECRET', store: { type: 'sqlite', file: join(folder, 'transfers.sqlite') } },
  };
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(settings));
});
afterEach(killAll);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function start(...args: readonly string[]) {
  const server = await startServer(
    ['serve', '--dir', folder, '--port', '0', '--config', join(folder, 'gateway.json'), ...args],
    { cwd: folder, env: { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32), PASSWORD } },
  );
  const { hostname, port } = new URL(server.url);

  /**
   * Sends one request through a connection of its own.
   *
   * @param atMost bytes of the answer after which the client disconnects; by default it reads to the end
   */
  async function get(
    agent: string,
    fields: Readonly<Record<string, string>> = {},
    atMost = Infinity,
    path = '/large.bin',
  ) {
    const socket = connect(Number(port), hostname);
    const { method = 'GET', ...others } = fields;
    const lines = Object.entries({ Host: 'a', 'User-Agent': agent, Connection: 'close', ...others });
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`);
    let received = 0;
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      if (head === '') head = chunk.toString('latin1').split('\r\n\r\n')[0] ?? '';
      received += chunk.length;
      if (received > atMost) socket.destroy();
    });
    await once(socket, 'close');
    return head;
  }

  async function read<const Schema extends v.GenericSchema>(schema: Schema, path: string) {
    const response = await fetch(`${server.url}/.rangeway/${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    return v.parse(schema, await response.json());
  }

  /** The transfer of the only reader that has made so many requests, when none runs. */
  async function transferAfter(requests: number, key = 'large.bin') {
    const find = async () => {
      const { transfers } = await read(TransfersPageSchema, `transfers?key=${key}`);
      return transfers.find((transfer) => transfer.requests === requests && transfer.state !== 'active');
    };
    await expect.poll(find, { timeout: 20_000 }).toBeDefined();
    return find();
  }

  return { server, get, read, transferAfter };
}

const range = (from: number, to?: number) => ({ Range: `bytes=${from}-${to === undefined ? '' : to - 1}` });

describe('serve with transfers', () => {
  test('counts what programs download, over a restart', { timeout: 120_000 }, async () => {
    const { server, get, read, transferAfter } = await start();
    // At once.
    await get('whole');
    expect(await transferAfter(1)).toMatchObject({ state: 'complete', complete: 1, bytesSent: SIZE });
    // Begun, left, and continued where the client has got to; two bytes before it, as some programs do.
    await get('resuming', {}, 5 * MiB);
    await get('resuming', range(5 * MiB - 1_000), 3 * MiB);
    expect(await transferAfter(2)).toMatchObject({ state: 'paused', complete: 0 });
    await get('resuming', range(7 * MiB));
    expect(await transferAfter(3)).toMatchObject({ state: 'complete', complete: 1 });
    // In sixteen connections, of which four are left and continued: twenty requests.
    const part = SIZE / 16;
    const parts = Array.from({ length: 16 }, (_, i) => i * part);
    await Promise.all(parts.map((from, i) => get('parallel', range(from, from + part), i < 4 ? part / 2 : Infinity)));
    await Promise.all(parts.slice(0, 4).map((from) => get('parallel', range(from + part / 4, from + part))));
    expect(await transferAfter(20)).toMatchObject({ state: 'complete', complete: 1 });
    // Probes of players, HEAD, a 304, and a client that leaves at a tenth complete nothing.
    const head = await get('player', range(0, 2));
    await get('player', range(SIZE - 1_000));
    await get('player', {}, SIZE / 10);
    await get('player', { method: 'HEAD' });
    await get('player', { 'If-None-Match': /etag: (.*)/i.exec(head)?.[1] ?? '' });
    await get('player', range(0, 2));
    expect(await transferAfter(4)).toMatchObject({ complete: 0, state: 'paused' });
    // An empty object.
    await get('empty', {}, Infinity, '/empty.txt');
    await get('empty', {}, Infinity, '/empty.txt');
    expect(await transferAfter(2, 'empty.txt')).toMatchObject({ complete: 2 });
    const { downloads } = await read(DownloadsSchema, 'downloads?key=large.bin');
    expect(downloads).toEqual([expect.objectContaining({ complete: 3, readers: 4 })]);
    // Left, continued after a restart.
    await get('patient', {}, 5 * MiB);
    await transferAfter(1);
    await stop(server);
    const again = await start();
    await again.get('patient', range(4 * MiB));
    expect(await again.transferAfter(2)).toMatchObject({ complete: 1 });
    expect((await again.read(DownloadsSchema, 'downloads?key=large.bin')).downloads).toEqual([
      expect.objectContaining({ complete: 4, readers: 5 }),
    ]);
  });

  test.for(['1', process.platform === 'linux' ? '2' : '1'])(
    'streams of events, with %s workers; a server that stops ends them',
    { timeout: 120_000 },
    async (workers) => {
      const { server, get } = await start('--workers', workers);
      await checkEventStream(server.url, TOKEN, (agent) => get(`${agent} ${workers}`));
      const streams = await Promise.all(Array.from({ length: 20 }, () => openEventStream(server.url, TOKEN)));
      await stop(server);
      expect(await Promise.all(streams.map(({ ended }) => ended))).toEqual(streams.map(() => true));
      expect(server.child.exitCode).toBe(0);
      expect(server.output.err).not.toMatch(/MaxListeners|not stored/);
    },
  );

  test.runIf(process.platform === 'linux')(
    'receipts reach any worker, and count once',
    { timeout: 60_000 },
    async () => {
      const { server } = await start('--workers', '2', '--auth', 'ann:PASSWORD');
      const Authorization = `Basic ${btoa(`ann:${PASSWORD}`)}`;
      const send = (method: string, fields: Record<string, string> = {}, body?: string) => {
        const headers = { Authorization, Connection: 'close', ...fields };
        const path = method === 'POST' ? '/large.bin?transfer' : '/large.bin';
        return fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
      };
      let etag = '';
      for (let download = 1; download <= 5; download++) {
        const response = await send('GET', { Range: 'bytes=0-99' });
        await response.arrayBuffer();
        etag = response.headers.get('ETag') ?? '';
        expect(response.headers.get('Link')).toContain('</large.bin?transfer>; rel="related"');
        // At once, while the start of the request may not be written by its worker.
        const receipt = JSON.stringify({ etag, intervals: [[0, SIZE]] });
        for (let i = 0; i < 2; i++) {
          const answer = await send('POST', {}, receipt);
          expect(await answer.json()).toMatchObject({
            transfers: [{ reader: 'user:ann', requests: download, complete: download, progress: 0, state: 'complete' }],
          });
        }
      }
    },
  );

  test.runIf(process.platform === 'linux')('a full disk: downloads go on', { timeout: 60_000 }, async () => {
    const file = join(folder, 'full.sqlite');
    const settings = {
      admin: { token: 'ADMIN_TOKEN' },
      transfers: { secret: 'TRANSFERS_SECRET', store: { type: 'sqlite', file } },
    };
    await writeFile(join(folder, 'full.json'), JSON.stringify(settings));
    // The system lets this process write no file of more than 160 KiB.
    const command = `trap '' XFSZ; ulimit -f 160; exec '${process.execPath}' '${MAIN}' serve --dir . --port 0 --config full.json`;
    const env = { ...process.env, ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32) };
    const child = spawn('bash', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const address = () => /at (http:\/\/[\d.]+:\d+)\//.exec(err)?.[1];
    await expect.poll(address, { timeout: 20_000 }).toBeDefined();
    const download = async (agent: string) => {
      const response = await fetch(`${address()}/large.bin`, { headers: { 'User-Agent': agent, Range: 'bytes=0-9' } });
      return [response.status, (await response.arrayBuffer()).byteLength];
    };
    for (let i = 0; i < 60 || !err.includes('not stored'); i++) {
      const agents = Array.from({ length: 20 }, (_, j) => `${i} ${j}`);
      for (const answer of await Promise.all(agents.map(download))) expect(answer).toEqual([206, 10]);
    }
    expect(err).toMatch(/transfers: \d+ changes since the start are not stored, downloads go on: .*(?:full|I\/O)/);
    expect(await download('after')).toEqual([206, 10]);
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    const database = new DatabaseSync(file);
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(Number(database.prepare('SELECT count(*) AS count FROM transfers').get()?.['count'])).toBeGreaterThan(0);
    database.close();
  });

  test.runIf(process.platform === 'linux')('workers share one store', { timeout: 120_000 }, async () => {
    const { server, get, read, transferAfter } = await start('--workers', '2');
    const part = SIZE / 8;
    const parts = Array.from({ length: 8 }, (_, i) => i * part);
    await Promise.all(parts.map((from) => get('two workers', range(from, from + part))));
    expect(await transferAfter(8)).toMatchObject({ state: 'complete', complete: 1 });
    const { transfers } = await read(TransfersPageSchema, 'transfers?state=active');
    expect(transfers).toEqual([]);
    expect(server.output.err).not.toContain('not stored');
    const missing = await fetch(`${server.url}/.rangeway/transfers/none`, {
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(missing.status).toBe(404);
  });
});
