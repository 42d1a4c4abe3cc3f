import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killAll, startServer, stop } from './commands.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-health-'));
  await writeFile(join(folder, 'a.txt'), 'abc');
});
afterEach(killAll);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function start(settings: object, ...args: readonly string[]) {
  await writeFile(join(folder, 'config.json'), JSON.stringify(settings));
  const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_REGION: 'us-east-1' };
  return startServer(['serve', '--config', 'config.json', '--port', '0', ...args], { cwd: folder, env });
}

const statusOf = async (url: string) => (await fetch(url)).status;

describe('serve', () => {
  test.each([[], ['--workers', '2']])('is healthy and ready: %j', async (...args) => {
    const server = await start({}, '--dir', '.', ...args);
    for (let i = 0; i < 4; i++) {
      expect(await statusOf(`${server.url}/.rangeway/health`)).toBe(200);
      expect(await statusOf(`${server.url}/.rangeway/ready`)).toBe(200);
    }
    await stop(server);
    expect(server.output.out).toBe('');
  });

  test('is ready as long as a bucket answers, asks it once, and tells the log why it is not', async () => {
    let requests = 0;
    const storage = createServer((_, res) => {
      requests++;
      res.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(storage, 'listening');
    const { port }: AddressInfo | { port: number } = Object(storage.address());
    const store = { type: 's3', bucket: 'files', endpoint: `http://127.0.0.1:${port}`, pathStyle: true };
    const server = await start({ mounts: [{ store }] });
    const ready = `${server.url}/.rangeway/ready`;
    expect(await Promise.all(Array.from({ length: 10 }, () => statusOf(ready)))).not.toContain(503);
    expect(requests).toBe(1);
    storage.closeAllConnections();
    storage.close();
    await expect.poll(() => statusOf(ready), { timeout: 20_000 }).toBe(503);
    expect(await statusOf(`${server.url}/.rangeway/health`)).toBe(200);
    expect(server.output.err).toContain('not ready: the storage of / does not answer: ');
  });

  test.each([[], ['--workers', '2']])(
    'serves on after a signal, not ready, for the delay that is set: %j',
    async (...args) => {
      const server = await start({ limits: { drainDelay: 3_000 } }, '--dir', '.', ...args);
      const ended = once(server.child, 'close');
      server.child.kill('SIGTERM');
      await expect.poll(() => statusOf(`${server.url}/.rangeway/ready`)).toBe(503);
      expect(await statusOf(`${server.url}/a.txt`)).toBe(200);
      expect(await statusOf(`${server.url}/.rangeway/health`)).toBe(200);
      expect(await ended).toEqual([0, null]);
    },
  );
});
