import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isFull, reportSkipped } from '../full.ts';
import { killAll, startServer, stop, type Running } from './commands.ts';
import { hasPrometheus, startPrometheus, type Prometheus } from './prometheus.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const SIZE = 2 * 1024 * 1024;

if (!hasPrometheus) reportSkipped('the scrape of a real Prometheus', 'which is in the package prometheus');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-metrics-'));
  await writeFile(join(folder, 'a.bin'), new Uint8Array(SIZE));
});
let prometheus: Prometheus | undefined;
afterEach(async () => {
  await prometheus?.stop();
  prometheus = undefined;
  killAll();
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function start(...args: readonly string[]) {
  await writeFile(join(folder, 'config.json'), JSON.stringify({ admin: { token: 'ADMIN_TOKEN' } }));
  const options = { cwd: folder, env: { ADMIN_TOKEN: TOKEN } };
  return startServer(['serve', '--dir', '.', '--config', 'config.json', '--port', '0', ...args], options);
}

/** Asks through a connection of its own, since the primary process hands connections out in turn. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<{ status?: number; text: string }> {
  const agent = new Agent();
  const [response] = await once(get(url, { agent, headers }), 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  agent.destroy();
  return { status: response.statusCode, text };
}

const scrape = (url: string) => ask(`${url}/.rangeway/metrics`, { Authorization: `Bearer ${TOKEN}` });

/** The value of a sample of the root mount. */
async function valueOf(url: string, name: string, labels = ''): Promise<number> {
  const { text } = await scrape(url);
  const line = text.split('\n').find((one) => one.startsWith(`${name}{mount="/"${labels}} `));
  return Number(line?.split(' ')[1]);
}

/** A client that leaves in the middle of a download. */
async function leave(url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
}

/** The fixed run: 4 whole downloads, 6 ranges of 1,000 bytes, 2 missing keys, and 2 clients that leave. */
async function run(url: string): Promise<void> {
  const each = <Value>(count: number, work: () => Promise<Value>) => Promise.all(Array.from({ length: count }, work));
  await each(4, () => ask(`${url}/a.bin`));
  await each(6, () => ask(`${url}/a.bin`, { Range: 'bytes=0-999' }));
  await each(2, () => ask(`${url}/missing`));
  await each(2, () => leave(url));
  await expect.poll(() => valueOf(url, 'rangeway_aborted_requests_total')).toBe(2);
}

const EXPECTED = {
  'rangeway_requests_total{mount="/",status="2xx"}': 12,
  'rangeway_requests_total{mount="/",status="4xx"}': 2,
  'rangeway_complete_downloads_total{mount="/"}': 4,
  'rangeway_aborted_requests_total{mount="/"}': 2,
  'rangeway_storage_operations_total{mount="/"}': 14,
  'rangeway_request_duration_seconds_count{mount="/"}': 14,
  'rangeway_active_downloads{mount="/"}': 0,
};

/** The value of an expression; `undefined` as long as there is none. */
const query = async (expression: string) => (await prometheus?.query(expression))?.[0]?.value;

describe.each([[], ['--workers', '2']])('serve %s %s', (...args) => {
  test('takes the token, and no other', async () => {
    const server = await start(...args);
    expect((await ask(`${server.url}/.rangeway/metrics`)).status).toBe(401);
    expect((await scrape(server.url)).status).toBe(200);
  });

  test.runIf(hasPrometheus || isFull)(
    'is scraped by Prometheus, which has what the clients of a fixed run did',
    async () => {
      const server = await start(...args);
      await run(server.url);
      prometheus = await startPrometheus(server.url, TOKEN, folder);
      for (const [expression, value] of Object.entries(EXPECTED)) {
        await expect.poll(() => query(expression), { timeout: 30_000, interval: 200 }).toBe(value);
      }
      const sent = Number(await query('rangeway_sent_bytes_total{mount="/"}'));
      expect(sent).toBeGreaterThanOrEqual(4 * SIZE + 6_000);
      expect(sent).toBeLessThan(6 * SIZE + 7_000);
      expect(await query('up')).toBe(1);
      expect(await query('rangeway_connections')).toBeGreaterThanOrEqual(1);
    },
  );
});

describe.runIf(process.platform === 'linux')('serve --workers 2', () => {
  /** The ids of the workers. Only Linux tells the children of a process without another program. */
  function workersOf({ child: { pid } }: Running): readonly number[] {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  }

  test.each(['SIGKILL', 'SIGTERM'] as const)('keeps the counters of a worker that %s ended', async (signal) => {
    const server = await start('--workers', '2');
    const requests = () => valueOf(server.url, 'rangeway_requests_total', ',status="2xx"');
    for (let i = 0; i < 6; i++) await ask(`${server.url}/a.bin`);
    await expect.poll(requests).toBe(6);
    const [first = 0] = workersOf(server);
    process.kill(first, signal);
    await expect.poll(() => workersOf(server).filter((id) => id !== first), { timeout: 20_000 }).toHaveLength(2);
    expect(await requests()).toBe(6);
    await ask(`${server.url}/a.bin`);
    await expect.poll(requests).toBe(7);
    await stop(server);
  });
});
