import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LogEntry } from '../../../src/observe/log.ts';
import { startWorkerd, type Workerd } from '../../../src/cli/dev/workerd.ts';
import { send, valuesOf } from '../../conformance/wire.ts';

const CONFIG = fileURLToPath(new URL('../../conformance/workers-cache.toml', import.meta.url));
const TOKEN = 'a-token-that-nobody-guesses-0123456789';
const BLOCK = 64 * 1024;
const SIZE = 20 * BLOCK + 1_000;
/** More bytes than the socket buffers of a client that reads nothing. */
const LARGE = 8 * 1024 * 1024;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) ^ (i & 255));

let folder: string;
let workerd: Workerd;
const lines: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-cached-'));
  const path = join(folder, 'object');
  await writeFile(path, bytes);
  workerd = await startWorkerd({
    config: CONFIG,
    environment: 'purge',
    variables: { PURGE_TOKEN: TOKEN },
    host: '127.0.0.1',
    port: 0,
    onOutput: (line) => lines.push(line),
  });
  await workerd.bucket.put('object', { path, size: SIZE, mark: 'm' });
  const large = join(folder, 'large');
  await writeFile(large, new Uint8Array(LARGE));
  await workerd.bucket.put('large', { path: large, size: LARGE, mark: 'm' });
});
afterAll(async () => {
  await workerd.stop();
  await rm(folder, { recursive: true });
});

/** A response and its log entry. */
async function ask(headers: readonly (readonly [string, string])[] = [], method = 'GET', query = '') {
  const before = lines.length;
  const origin = { host: '127.0.0.1', port: Number(new URL(workerd.url).port) };
  const response = await send(origin, { method, target: `/object${query}`, headers });
  const line = await vi.waitFor(() => {
    const found = lines[before];
    if (found === undefined) throw new Error('no log line yet');
    return found;
  }, 5_000);
  const entry: LogEntry = JSON.parse(line);
  return { response, entry };
}

test('cached blocks are served from the Cache API, for each form of request, without a storage operation', async () => {
  const cold = await ask();
  expect(Buffer.compare(cold.response.body, bytes)).toBe(0);
  expect(cold.entry).toMatchObject({ status: 200, outcome: 'complete', cacheHits: 0, cacheMisses: 21 });
  // The first read brings the metadata; three blocks for each read, the limit of parallel fills on Workers.
  expect(cold.entry.storageReads).toBeLessThanOrEqual(8);

  const warm = await ask();
  expect(Buffer.compare(warm.response.body, bytes)).toBe(0);
  expect(valuesOf(warm.response, 'cache-status').join()).toMatch(/^Rangeway; hit; ttl=\d+$/);
  expect(valuesOf(warm.response, 'content-length')).toEqual([String(SIZE)]);
  expect(warm.entry).toMatchObject({ storageReads: 0, cacheHits: 21, cacheMisses: 0, bytesCached: SIZE });

  for (const [range, start, end] of [
    ['bytes=10-19', 10, 20],
    [`bytes=${BLOCK - 5}-${3 * BLOCK + 4}`, BLOCK - 5, 3 * BLOCK + 5],
    [`bytes=${5 * BLOCK}-`, 5 * BLOCK, SIZE],
    ['bytes=-1500', SIZE - 1_500, SIZE],
  ] as const) {
    const { response, entry } = await ask([['Range', range]]);
    expect(Buffer.compare(response.body, bytes.subarray(start, end))).toBe(0);
    expect(entry).toMatchObject({ range, status: 206, storageReads: 0, cacheMisses: 0, bytesCached: end - start });
    expect(entry.cacheHits).toBeGreaterThan(0);
  }

  const several = await ask([['Range', `bytes=0-9, ${7 * BLOCK}-${9 * BLOCK}`]]);
  expect(Buffer.from(several.response.body).includes(Buffer.from(bytes.subarray(7 * BLOCK, 9 * BLOCK + 1)))).toBe(true);
  expect(several.entry).toMatchObject({ status: 206, storageReads: 0, cacheMisses: 0 });

  const etag = valuesOf(warm.response, 'etag').join();
  expect((await ask([], 'HEAD')).entry).toMatchObject({ status: 200, storageReads: 0 });
  expect((await ask([['If-None-Match', etag]])).entry).toMatchObject({ status: 304, storageReads: 0 });
  expect((await ask([['Range', `bytes=${SIZE}-`]])).entry).toMatchObject({ status: 416, storageReads: 0 });
});

test('no part of a request is in the keys of the Cache API: one copy of a block serves all of them', async () => {
  await ask();
  const requests: readonly (readonly [headers: readonly (readonly [string, string])[], query: string])[] = [
    [[['Accept', 'text/html']], ''],
    [
      [
        ['Accept-Encoding', 'br, gzip'],
        ['Cookie', 'a=1'],
      ],
      '?utm_source=x',
    ],
    [
      [
        ['Origin', 'https://page.example'],
        ['Referer', 'https://page.example/'],
      ],
      '?download',
    ],
    [
      [
        ['Authorization', 'Bearer x'],
        ['X-Any', '1'],
      ],
      '?rgw-sig=x',
    ],
  ];
  for (const [headers, query] of requests) {
    const { entry } = await ask(headers, 'GET', query);
    expect(entry).toMatchObject({ status: 200, outcome: 'complete', cacheHits: 21, cacheMisses: 0 });
  }
});

test('after a purge the next request reads the storage', async () => {
  await ask();
  expect((await ask([], 'HEAD')).entry).toMatchObject({ storageReads: 0 });
  const refused = await ask([['Authorization', `Bearer ${TOKEN}x`]], 'PURGE');
  expect(refused.response.status).toBe(401);
  expect((await ask([], 'HEAD')).entry).toMatchObject({ storageReads: 0 });
  const purged = await ask([['Authorization', `Bearer ${TOKEN}`]], 'PURGE');
  expect([purged.response.status, purged.entry.method, purged.entry.storageReads]).toEqual([204, 'PURGE', 0]);
  expect((await ask([], 'HEAD')).entry).toMatchObject({ storageReads: 1 });
});

test('a client that disconnects during an uncached or cached body is logged as aborted, and the next one is served', async () => {
  const { hostname, port } = new URL(workerd.url);
  const leave = async () => {
    const before = lines.length;
    const socket = connect(Number(port), hostname);
    socket.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(before), 10_000);
    const entry: LogEntry = JSON.parse(lines[before] ?? '');
    return entry;
  };
  expect(await leave()).toMatchObject({ status: 200, outcome: 'aborted', cacheHits: 0 });
  const whole = await fetch(`${workerd.url}/large`);
  expect((await whole.arrayBuffer()).byteLength).toBe(LARGE);
  await vi.waitFor(() => expect(lines.at(-1)).toContain('"outcome":"complete"'), 10_000);
  const cached = await leave();
  expect(cached).toMatchObject({ status: 200, outcome: 'aborted', storageReads: 0, cacheMisses: 0 });
  expect(cached.cacheHits).toBeLessThan(LARGE / BLOCK);
});
