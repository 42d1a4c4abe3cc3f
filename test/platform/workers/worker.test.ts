import { createServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listFiles } from '../../../src/cli/dev/files.ts';
import { fill } from '../../../src/cli/dev/fill.ts';
import { localBucket } from '../../../src/cli/dev/local-bucket.ts';
import { startWorkerd, type Workerd } from '../../../src/cli/dev/workerd.ts';
import { parseByteranges, boundaryOf } from '../../conformance/multipart.ts';
import { send, valuesOf } from '../../conformance/wire.ts';

const SIZE = 8 * 1024 * 1024;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) ^ (i & 255));

let folder: string;
let workerd: Workerd;
const lines: string[] = [];
const origin = () => ({ host: '127.0.0.1', port: Number(new URL(workerd.url).port) });
const get = (target: string, headers: readonly (readonly [string, string])[] = []) =>
  send(origin(), { method: 'GET', target, headers });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-workerd-'));
  await writeFile(join(folder, 'large.bin'), bytes);
  const config = fileURLToPath(new URL('../../workers/faults/wrangler.toml', import.meta.url));
  workerd = await startWorkerd({
    config,
    host: '127.0.0.1',
    port: 0,
    uploadPart: 5 * 1024 * 1024,
    onOutput: (line) => lines.push(line),
  });
  await fill(workerd.bucket, await listFiles(folder), () => undefined);
});
afterAll(async () => {
  await workerd.stop();
  await rm(folder, { recursive: true });
});

/** The log entry of a request that only one test makes. */
async function logged(part: object): Promise<unknown> {
  return vi.waitFor(() => {
    const entries = lines.map((line): unknown => JSON.parse(line));
    const found = entries.find((entry) => isMatch(entry, part));
    if (found === undefined) throw new Error(`no such line among ${lines.join('\n')}`);
    return found;
  }, 5_000);
}

function isMatch(entry: unknown, part: object): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    Object.entries(part).every(([key, value]) => Reflect.get(entry, key) === value)
  );
}

describe('native pipes', () => {
  test('a stored content coding is not encoded again, and its ranges are of the encoded bytes', async () => {
    const whole = await get('/coded.txt', [['Accept-Encoding', 'gzip']]);
    expect(valuesOf(whole, 'content-encoding')).toEqual(['gzip']);
    expect(gunzipSync(whole.body).toString()).toBe('hello '.repeat(1000));
    const identity = await get('/coded.txt', [['Accept-Encoding', 'identity']]);
    expect(identity.body).toEqual(whole.body);
    const range = await get('/coded.txt', [['Range', 'bytes=5-']]);
    expect([range.status, range.body]).toEqual([206, whole.body.subarray(5)]);
  });

  test('ranges that share a read are cut out of it exactly, for gaps of any length', async () => {
    const asked = [
      [0, 1],
      [70, 300_000],
      [300_010, 1_000_000],
      [4_000_000, 4_000_001],
      [8_000_000, SIZE],
    ] as const;
    const field = asked.map(([start, end]) => `${start}-${end - 1}`).join(', ');
    const response = await get('/large.bin', [['Range', `bytes=${field}`]]);
    const parts = parseByteranges(response.body, boundaryOf(valuesOf(response, 'content-type').join()));
    expect(parts.map(({ start, end }) => [start, end])).toEqual(asked);
    for (const part of parts) expect(Buffer.compare(part.bytes, bytes.subarray(part.start, part.end))).toBe(0);
    expect(await logged({ range: `bytes=${field}` })).toMatchObject({
      storageReads: 3,
      bytesSent: response.body.length,
      bytesRead: 1_000_000 + 1 + (SIZE - 8_000_000),
      outcome: 'complete',
    });
  });

  test('a hundred distant ranges have one read each', async () => {
    const field = Array.from({ length: 100 }, (_, i) => `${i * 80_000}-${i * 80_000 + 9}`).join(',');
    const response = await get('/large.bin', [['Range', `bytes=${field}`]]);
    expect(parseByteranges(response.body, boundaryOf(valuesOf(response, 'content-type').join()))).toHaveLength(100);
    expect(await logged({ range: `bytes=${field}`.slice(0, 200) })).toMatchObject({ storageReads: 100 });
  });
});

/** Sends a head with a Content-Length of 1,000,000 and some of the bytes, then breaks the connection. */
async function breakingServer() {
  const server = createServer((_, res) => {
    res.writeHead(200, { 'Content-Length': 1_000_000 });
    res.write(Buffer.alloc(100_000), () => setTimeout(() => res.destroy(), 100));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (typeof address === 'string' || address === null) throw new Error('no port');
  return { host: `127.0.0.1:${address.port}`, close: () => server.close() };
}

test('an interrupted storage read breaks the response, and is logged as failed', async () => {
  const server = await breakingServer();
  const response = await get(`/broken/${server.host}`);
  server.close();
  expect(response.status).toBe(200);
  expect(response.complete).toBe(false);
  expect(response.body.length).toBeLessThan(1_000_000);
  expect(await logged({ key: server.host })).toMatchObject({
    outcome: 'failed',
    bytesSent: null,
    error: expect.any(String),
  });
});

test('a client that disconnects is logged as aborted, without unknown byte counts', async () => {
  const { host, port } = origin();
  const socket = connect(port, host);
  socket.write('GET /large.bin?left HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
  expect(await logged({ range: 'bytes=1-' })).toMatchObject({
    status: 206,
    outcome: 'aborted',
    bytesSent: null,
    bytesRead: null,
    storageReads: 1,
  });
});

describe('the local bucket', () => {
  test('a file too large for one piece is uploaded in parts, and served with a strong tag', async () => {
    const path = join(folder, 'large.bin');
    await workerd.bucket.put('parts.bin', { path, size: SIZE, mark: 'm' });
    const response = await get('/parts.bin', [['Range', 'bytes=5242870-5242890']]);
    expect(Buffer.compare(response.body, bytes.subarray(5_242_870, 5_242_891))).toBe(0);
    const [tag = ''] = valuesOf(response, 'etag');
    expect(tag).toMatch(/^"[\da-f]{32}-2"$/);
    expect(
      (
        await get('/parts.bin', [
          ['Range', 'bytes=0-0'],
          ['If-Range', tag],
        ])
      ).status,
    ).toBe(206);
    expect((await get('/parts.bin', [['If-None-Match', tag]])).status).toBe(304);
  });

  test('is filled with changed files, and deleted files are removed', async () => {
    const source = await mkdtemp(join(folder, 'source-'));
    const run = async () => fill(workerd.bucket, await listFiles(source), () => undefined);
    await writeFile(join(source, 'a b.txt'), 'first');
    await writeFile(join(source, 'empty'), '');
    expect(await run()).toMatchObject({ uploaded: 2, unchanged: 0 });
    expect(await run()).toEqual({ uploaded: 0, unchanged: 2, removed: 0 });
    await writeFile(join(source, 'a b.txt'), 'second');
    await rm(join(source, 'empty'));
    expect(await run()).toEqual({ uploaded: 1, unchanged: 0, removed: 1 });
    expect(Buffer.from((await get('/a%20b.txt')).body).toString()).toBe('second');
    expect((await get('/empty')).status).toBe(404);
  });
});

test('filling the bucket needs a token', async () => {
  await expect(localBucket(new URL(workerd.url), 'wrong').list()).rejects.toThrow('the local bucket failed');
});
