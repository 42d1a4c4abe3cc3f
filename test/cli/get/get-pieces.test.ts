import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killAll, run, startServer } from '../commands.ts';

const SIZE = 9 * 1024 * 1024 + 12_345;

let folder: string;
let bytes: Buffer;
let gateway: string;
let proxy: Server | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-get-pieces-'));
  bytes = randomBytes(SIZE);
  await mkdir(join(folder, 'served'));
  await writeFile(join(folder, 'served/a.bin'), bytes);
  await run(['index', '--dir', 'served'], { cwd: folder });
  ({ url: gateway } = await startServer(['serve', '--dir', 'served', '--pieces', '--port', '0'], { cwd: folder }));
});
afterEach(() => void proxy?.close());
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/**
 * Starts a proxy that changes a bit of the byte at each of these positions, as often as it says.
 *
 * @returns its address, and the bytes of the file that it has sent
 */
async function startCorrupting(positions: readonly number[], times: number) {
  const remaining = new Map(positions.map((position) => [position, times]));
  const sent = { bytes: 0 };
  proxy = createServer((req, res) => {
    get(`${gateway}${req.url}`, { headers: req.headers, agent: false }, (response) => {
      const isFile = req.url === '/a.bin';
      let position = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? 0);
      res.writeHead(response.statusCode ?? 502, response.headers);
      response.on('data', (chunk: Buffer) => {
        for (const [at, left] of remaining) {
          const i = at - position;
          if (!isFile || left === 0 || i < 0 || i >= chunk.length) continue;
          chunk[i] = (chunk[i] ?? 0) ^ 1;
          remaining.set(at, left - 1);
        }
        position += chunk.length;
        if (isFile) sent.bytes += chunk.length;
        res.write(chunk);
      });
      response.on('end', () => res.end());
      res.on('close', () => response.destroy());
    }).on('error', () => res.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, sent };
}

describe('get of a file with a piece index', () => {
  test('fetches the pieces with wrong bytes again, and no others', async () => {
    const { url, sent } = await startCorrupting([3, 4_500_000, SIZE - 1], 1);
    const { code, err } = await run(['get', `${url}/a.bin`, '-o', 'healed.bin'], { cwd: folder });
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('verified') });
    expect((await readFile(join(folder, 'healed.bin'))).equals(bytes)).toBe(true);
    // Three pieces more, and what a closed connection has brought beyond its part.
    expect(sent.bytes).toBeLessThan(SIZE + 6 * 1024 * 1024);
  });

  test('ends with 4, and without a file, if the bytes stay wrong', async () => {
    const { url } = await startCorrupting([4_500_000], Number.POSITIVE_INFINITY);
    const { code } = await run(['get', `${url}/a.bin`, '-o', 'wrong.bin'], { cwd: folder });
    expect([code, existsSync(join(folder, 'wrong.bin'))]).toEqual([4, false]);
  });
});
