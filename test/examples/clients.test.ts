import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { startCuttingProxy, type CuttingProxyOptions } from '../clients/cutting-proxy.ts';
import { reportSkipped } from '../full.ts';
import { ROOT } from './entries.ts';

const SOURCES = join(ROOT, 'examples/clients');

/** A client of examples/clients. */
interface Client {
  /** The programs that it needs, of test/examples/packages.txt. */
  readonly programs: readonly string[];
  /** Compiles it into a folder. */
  readonly build?: (folder: string) => readonly string[];
  /** Returns the command that runs it, without URL and FILE. */
  readonly command: (folder: string) => readonly [string, ...string[]];
}

const CLIENTS: Readonly<Record<string, Client>> = {
  'resume.py': { programs: ['python3'], command: () => ['python3', join(SOURCES, 'resume.py')] },
  'Resume.java': {
    programs: ['javac', 'java'],
    build: (folder) => ['javac', '-Xlint:all', '-Werror', '-d', folder, join(SOURCES, 'Resume.java')],
    command: () => ['java', join(SOURCES, 'Resume.java')],
  },
  'resume.c': {
    programs: ['cc'],
    build: (folder) => [
      'cc',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-o',
      join(folder, 'resume'),
      join(SOURCES, 'resume.c'),
      '-lcurl',
    ],
    command: (folder) => [join(folder, 'resume')],
  },
  'Resume.cs': {
    programs: ['mcs', 'mono'],
    build: (folder) => [
      'mcs',
      '-warnaserror',
      `-out:${join(folder, 'Resume.exe')}`,
      '-r:System.Net.Http',
      join(SOURCES, 'Resume.cs'),
    ],
    command: (folder) => ['mono', join(folder, 'Resume.exe')],
  },
};

const OLD = Buffer.alloc(3_000_000, Buffer.from(Uint8Array.from({ length: 65_537 }, (_, i) => (i * 7) & 0xff)));
const NEW = Buffer.alloc(2_800_000, Buffer.from(Uint8Array.from({ length: 65_537 }, (_, i) => (i * 11) & 0xff)));

const isInstalled = (program: string) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;

for (const [name, client] of Object.entries(CLIENTS)) {
  const missing = client.programs.filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    reportSkipped(`examples/clients/${name}`, `which needs ${missing.join(', ')}; test/examples/packages.txt`);
    continue;
  }
  describe(`examples/clients/${name}`, () => declareTests(client));
}

function declareTests(client: Client): void {
  let folder: string;
  let count = 0;
  const stops: (() => unknown)[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangeway-client-'));
    const [compiler, ...args] = client.build?.(folder) ?? [];
    if (compiler !== undefined) execFileSync(compiler, args);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(() => rm(folder, { recursive: true }));

  const newFile = () => join(folder, `file-${count++}`);

  /** Starts a download. */
  function start(url: string, file: string): ChildProcess {
    const [program, ...args] = client.command(folder);
    return spawn(program, [...args, url, file], { stdio: ['ignore', 'ignore', 'ignore'] });
  }

  /** Downloads to the end. Returns the exit code. */
  async function run(url: string, file: string): Promise<unknown> {
    const [code] = await once(start(url, file), 'exit');
    return code;
  }

  /** Serves the object through a proxy that breaks connections. No request is answered before a replacement is stored. */
  async function serveBroken(options: Pick<CuttingProxyOptions, 'bytes' | 'cuts' | 'closes'>, replacement?: Buffer) {
    const store = memoryStore();
    await store.put('object', OLD);
    const changes: Promise<unknown>[] = [];
    const app = new Hono()
      .use(async (_, next) => {
        await Promise.all(changes);
        await next();
      })
      .route('/', createGateway({ store, observers: [{ end: () => undefined }] }));
    const gateway = await serve(app, { port: 0 });
    const target = { host: '127.0.0.1', port: Number(new URL(gateway.url).port) };
    const onCut = () => void (replacement !== undefined && changes.push(store.put('object', replacement)));
    const proxy = await startCuttingProxy({ ...options, listen: 0, target, onCut });
    stops.push(
      () => proxy.close(),
      () => gateway.stop(1_000),
    );
    return { store, proxy, url: `http://127.0.0.1:${proxy.port}/object` };
  }

  /** Serves by hand, for responses that a gateway never sends. */
  async function serveByHand(handler: (req: IncomingMessage, res: ServerResponse, index: number) => void) {
    let index = 0;
    const server = createServer((req, res) => handler(req, res, index++)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(() => (server.closeAllConnections(), server.close()));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { url: `http://127.0.0.1:${address.port}/object`, count: () => index };
  }

  /** Sends the head of a response and the first bytes of its body, and breaks the connection. */
  function breakAfter(res: ServerResponse, status: number, fields: Readonly<Record<string, string>>, bytes: Buffer) {
    res.writeHead(status, fields);
    res.write(bytes, () => setImmediate(() => res.socket?.end()));
  }

  test.each([false, true])(
    'downloads the exact bytes through breaks; closed in the regular way: %s',
    async (closes) => {
      const { url, proxy } = await serveBroken({ bytes: 700_000, closes });
      const file = newFile();
      expect(await run(url, file)).toBe(0);
      expect((await readFile(file)).equals(OLD)).toBe(true);
      expect(proxy.cutsMade()).toBeGreaterThan(3);
      expect([existsSync(`${file}.part`), existsSync(`${file}.tag`)]).toEqual([false, false]);
    },
  );

  test('continues where a killed run has stopped', async () => {
    const requests: IncomingMessage[] = [];
    const { url } = await serveByHand((req, res) => {
      requests.push(req);
      const position = positionOf(req);
      res.writeHead(206, rangeOf(OLD, position, '"old"'));
      // The first response never ends.
      if (position === 0) res.write(OLD.subarray(0, 900_000));
      else res.end(OLD.subarray(position));
    });
    const file = newFile();
    const killed = start(url, file);
    const size = async () => (await stat(`${file}.part`)).size;
    await vi.waitFor(async () => expect(await size()).toBeGreaterThan(100_000), { timeout: 30_000 });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const kept = await size();
    expect(await run(url, file)).toBe(0);
    expect([requests[1]?.headers.range, requests[1]?.headers['if-range']]).toEqual([`bytes=${kept}-`, '"old"']);
    expect((await readFile(file)).equals(OLD)).toBe(true);
  });

  test('begins again if the object was replaced during a break', async () => {
    const { url } = await serveBroken({ bytes: 1_000_000, cuts: 1 }, NEW);
    const file = newFile();
    expect(await run(url, file)).toBe(0);
    expect((await readFile(file)).equals(NEW)).toBe(true);
  });

  test.each([
    ['the tag of another version', '"new"', 0],
    ['no tag', undefined, 0],
    ['another position', '"old"', -1],
  ])('never appends a 206 with %s', async (_, tag, shift) => {
    const { url } = await serveByHand((req, res, index) => {
      if (index === 0) {
        breakAfter(res, 206, rangeOf(OLD, 0, '"old"'), OLD.subarray(0, 900_000));
        return;
      }
      const position = positionOf(req);
      const sent = position === 0 ? 0 : position + shift;
      const current = position === 0 ? '"new"' : tag;
      res.writeHead(206, rangeOf(NEW, sent, current)).end(NEW.subarray(sent));
    });
    const file = newFile();
    expect(await run(url, file)).toBe(0);
    expect((await readFile(file)).equals(NEW)).toBe(true);
  });

  test.each([
    ['a weak tag', { ETag: 'W/"a"' }],
    ['no tag', {}],
  ])('begins again after a break of a response with %s', async (_, fields) => {
    const ranges: (string | undefined)[] = [];
    const { url } = await serveByHand((req, res, index) => {
      ranges.push(req.headers.range);
      const head = { ...fields, 'Content-Length': String(OLD.length) };
      if (index === 0) breakAfter(res, 200, head, OLD.subarray(0, 900_000));
      else res.writeHead(200, head).end(OLD);
    });
    const file = newFile();
    expect(await run(url, file)).toBe(0);
    expect((await readFile(file)).equals(OLD)).toBe(true);
    expect(ranges.map((range) => range ?? 'bytes=0-')).toEqual(['bytes=0-', 'bytes=0-']);
  });

  test('begins again if the object is shorter now than the part', async () => {
    const { store, url, proxy } = await serveBroken({ bytes: 900_000, cuts: 1 });
    const { url: broken } = await serveByHand((req, res, index) => {
      if (index === 0) breakAfter(res, 206, rangeOf(OLD, 0, '"old"'), OLD.subarray(0, 900_000));
      else if (req.headers.range === 'bytes=0-') res.writeHead(206, rangeOf(NEW, 0, '"new"')).end(NEW);
      else res.writeHead(416, { 'Content-Range': 'bytes */100' }).end();
    });
    const file = newFile();
    expect(await run(broken, file)).toBe(0);
    expect((await readFile(file)).equals(NEW)).toBe(true);
    await store.put('object', Buffer.alloc(0));
    expect([await run(url, file), (await stat(file)).size, proxy.cutsMade()]).toEqual([0, 0, 0]);
  });

  test('tries again after a 503, and ends at once, without a file, after a 404', async () => {
    const { url, count: asked } = await serveByHand((_, res, index) => {
      if (index === 0) res.writeHead(503).end('busy');
      else res.writeHead(404).end('no such object');
    });
    const file = newFile();
    expect(await run(url, file)).not.toBe(0);
    expect([asked(), existsSync(file)]).toEqual([2, false]);
  });
}

/** The first byte that a request asks for. */
function positionOf({ headers: { range = '' } }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
}

/** The fields of a 206 with the bytes from `start` to the end. */
function rangeOf(object: Buffer, start: number, tag: string | undefined): Readonly<Record<string, string>> {
  return {
    'Content-Range': `bytes ${start}-${object.length - 1}/${object.length}`,
    'Content-Length': String(object.length - start),
    ...(tag === undefined ? {} : { ETag: tag }),
  };
}
