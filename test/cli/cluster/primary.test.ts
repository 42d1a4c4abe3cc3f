import { readFileSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { killAll, run, startServer, stop, type Running } from '../commands.ts';

const LARGE = 40 * 1024 * 1024;
const TOKEN = '0123456789abcdef0123456789abcdef';

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-workers-'));
  config = join(folder, 'config.json');
});
beforeAll(async () => {
  await writeFile(join(folder, 'a.txt'), 'old');
  await writeFile(join(folder, 'large.bin'), '');
  await truncate(join(folder, 'large.bin'), LARGE);
});
afterEach(killAll);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Starts `serve` with two workers. */
async function startTwo(settings: object = {}): Promise<Running & { readonly url: string }> {
  await writeFile(config, JSON.stringify(settings));
  const args = ['serve', '--dir', folder, '--port', '0', '--workers', '2', '--config', config];
  return startServer(args, { cwd: folder, env: { PURGE_TOKEN: TOKEN } });
}

/** The ids of the workers. Only Linux tells the children of a process without another program. */
function workersOf({ child: { pid } }: Running): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

/** Sends a request through a connection of its own: the primary process hands connections out in turn. */
async function ask(url: string): Promise<string> {
  const agent = new Agent();
  try {
    const [response] = await once(get(url, { agent }), 'response');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return body;
  } finally {
    agent.destroy();
  }
}

const askTwice = async (url: string) => [await ask(url), await ask(url)];

/** Begins a download that is read no further than its first bytes. */
async function holdDownload(url: string): Promise<{ readonly socket: Socket; readonly head: string }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n');
  const [first] = await once(socket, 'data');
  socket.pause();
  return { socket, head: String(first).slice(0, 15) };
}

describe.runIf(process.platform === 'linux')('serve --workers 2', () => {
  test('serves from two processes behind one port, with one log of whole lines', async () => {
    const server = await startTwo();
    expect(workersOf(server)).toHaveLength(2);
    expect(server.output.err).toContain('served by 2 workers at');
    await Promise.all(Array.from({ length: 200 }, () => ask(`${server.url}/a.txt`)));
    await stop(server);
    const lines = server.output.out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).status)).toEqual(Array.from({ length: 200 }, () => 200));
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('replaces a worker that %s ended', async (signal) => {
    const server = await startTwo();
    const [first = 0, second] = workersOf(server);
    process.kill(first, signal);
    await expect.poll(() => workersOf(server).filter((id) => id !== first), { timeout: 20_000 }).toHaveLength(2);
    expect(workersOf(server)).toContain(second);
    expect(server.output.err).toMatch(/worker \d+ ended \((SIGKILL|exit code 0)\); another one takes its place/);
    expect(await askTwice(`${server.url}/a.txt`)).toEqual(['old', 'old']);
  });

  test('a purge reaches all workers', async () => {
    await writeFile(join(folder, 'a.txt'), 'old');
    const server = await startTwo({
      cache: { type: 'memory' },
      blocks: { ttl: 'forever' },
      purge: { token: 'PURGE_TOKEN' },
    });
    const url = `${server.url}/a.txt`;
    expect(await askTwice(url)).toEqual(['old', 'old']);
    await writeFile(join(folder, 'a.txt'), 'new');
    expect(await askTwice(url)).toEqual(['old', 'old']);
    const purge = await fetch(url, { method: 'PURGE', headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(purge.status).toBe(204);
    expect(await askTwice(url)).toEqual(['new', 'new']);
    await writeFile(join(folder, 'a.txt'), 'old');
  });

  test('shares the limit of downloads, and each worker has its part', async () => {
    const server = await startTwo({ limits: { downloads: 3 } });
    const held: Awaited<ReturnType<typeof holdDownload>>[] = [];
    for (let i = 0; i < 4; i++) held.push(await holdDownload(server.url));
    expect(held.map(({ head }) => head).toSorted()).toEqual([
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 503 Se',
    ]);
    for (const { socket } of held) socket.destroy();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('finishes the downloads of all workers after %s', async (signal) => {
    const server = await startTwo();
    const downloads = await Promise.all([1, 2].map(() => fetch(`${server.url}/large.bin`)));
    const ended = once(server.child, 'close');
    server.child.kill(signal);
    await expect.poll(() => server.output.err).toContain('stopping; 2 downloads are finishing');
    const bodies = await Promise.all(downloads.map((response) => response.arrayBuffer()));
    expect(bodies.map((body) => body.byteLength)).toEqual([LARGE, LARGE]);
    expect(await ended).toEqual([0, null]);
  });

  test('ends with its primary process, and frees the port', async () => {
    const server = await startTwo();
    const workers = workersOf(server);
    server.child.kill('SIGKILL');
    await expect.poll(() => workers.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    await expect(ask(`${server.url}/a.txt`)).rejects.toThrow('ECONNREFUSED');
  });

  test('tells a mistake once', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String(addressOf(taken.address()).port);
    const { code, err } = await run(['serve', '--dir', '.', '--port', port, '--workers', '2'], { cwd: folder });
    taken.close();
    expect(code).toBe(2);
    expect(err.match(/the port is taken/g)).toHaveLength(1);
  });

  test('takes at least one download for each worker', async () => {
    await writeFile(config, JSON.stringify({ limits: { downloads: 1 } }));
    const args = ['serve', '--dir', '.', '--config', config, '--workers', '2'];
    const { code, err } = await run(args, { cwd: folder });
    expect({ code, err }).toEqual({
      code: 2,
      err: 'rangeway: limits.downloads: 1 is less than one for each of 2 workers\n',
    });
  });
});

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address;
}
