import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDownloadError, type DownloadOptions } from '../../src/client/index.ts';
import { startDownload } from '../../src/client/download.ts';
import { fileTarget } from '../../src/client/sinks/node-file.ts';
import { nodeFetcher } from '../../src/platform/node/node-fetcher.ts';
import { print, printRange, startRawServer, type RawServer } from '../cli/get/servers.ts';
import { drawBytes, random } from '../faults/random.ts';
import { plainScene } from './faults/scene.ts';
import { startFaultServer, type FaultServer } from './faults/server.ts';

const TAG = { ETag: '"a"' };
const TEXT = 'some text that is sent '.repeat(100);

let folder: string;
let paced: FaultServer;
const raw: RawServer[] = [];
const fetcher = nodeFetcher({ timeout: 5_000 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-engine-'));
  paced = await startFaultServer();
});
afterAll(async () => {
  fetcher.destroy();
  await paced.close();
  await Promise.all(raw.map((one) => one.close()));
  await rm(folder, { recursive: true });
});

async function serveRaw(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  raw.push(server);
  return server;
}

let count = 0;
const freshPath = () => join(folder, `${count++}.bin`);

/** Starts a download to a file. */
function begin(url: string, path: string, options: Partial<DownloadOptions> = {}) {
  return startDownload(url, { ...fileTarget(path), fetcher, firstPause: 10, ...options });
}

/** A server that sends an object slowly, without faults. */
function serveSlowly(seed: number, size: number, pace: number) {
  const bytes = drawBytes(random(seed), size);
  const scene = plainScene(seed, [bytes], pace);
  paced.scenes.set(seed, scene);
  return { bytes, scene, url: paced.urlOf(scene) };
}

async function failureOf(done: Promise<unknown>): Promise<string> {
  const error: unknown = await done.then(
    () => undefined,
    (one: unknown) => one,
  );
  return isDownloadError(error) ? error.failure.code : String(error);
}

test('a paused download has no connection, and goes on with the bytes that it has', async () => {
  const { bytes, scene, url } = serveSlowly(1, 1_000_000, 1_000);
  const path = freshPath();
  const running = begin(url, path);
  while (running.progress.written < 200_000) await new Promise((resolve) => void setTimeout(resolve, 10));
  await running.pause();
  expect([running.progress.phase, running.progress.connections]).toEqual(['paused', 0]);
  expect(await readFile(`${path}.rangeway`, 'utf8')).toContain('"written":[[0,');
  running.resume();
  await running.done;
  expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
  expect(scene.responses).toBe(2);
});

test('a download that is paused at once begins when it is resumed', async () => {
  const { bytes, scene, url } = serveSlowly(2, 10_000, 1_000);
  const path = freshPath();
  const running = begin(url, path);
  await running.pause();
  expect(scene.responses).toBe(0);
  running.resume();
  await running.done;
  expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
});

test('several connections bring a large file from a slow server, and one would take four times as long', async () => {
  const { bytes, scene, url } = serveSlowly(3, 4_000_000, 500);
  const path = freshPath();
  const start = performance.now();
  await begin(url, path, { connections: 8 }).done;
  expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
  expect(scene.responses).toBeGreaterThan(3);
  expect(performance.now() - start).toBeLessThan(6_000);
  expect(scene.sent).toBeLessThan(bytes.length * 1.5);
});

test('an abort keeps the part, and rejects', async () => {
  const { url } = serveSlowly(4, 1_000_000, 1_000);
  const path = freshPath();
  const abort = new AbortController();
  const running = begin(url, path, { signal: abort.signal });
  while (running.progress.written < 100_000) await new Promise((resolve) => void setTimeout(resolve, 10));
  abort.abort();
  expect(await failureOf(running.done)).toBe('aborted');
  const name = path.slice(folder.length + 1);
  expect((await readdir(folder)).filter((one) => one.startsWith(name)).toSorted()).toEqual([
    `${name}.part`,
    `${name}.rangeway`,
  ]);
  const aborted = new AbortController();
  aborted.abort();
  expect(await failureOf(begin(url, freshPath(), { signal: aborted.signal }).done)).toBe('aborted');
});

test('a rate limit is kept', async () => {
  const { url } = serveSlowly(5, 400_000, 5_000);
  const start = performance.now();
  await begin(url, freshPath(), { rateLimit: 400_000 }).done;
  expect(performance.now() - start).toBeGreaterThan(700);
});

test('bad pieces alone are fetched again', async () => {
  const served = Buffer.from(TEXT);
  served[300] = 0;
  let isCorrupt = true;
  const server = await serveRaw((socket, head) => {
    const text = isCorrupt ? served.toString('latin1') : TEXT;
    isCorrupt = false;
    socket.write(printRange(head, text, TAG));
  });
  const path = freshPath();
  const findBad = async () => ((await readFile(`${path}.part`))[300] === 0 ? [{ start: 256, end: 512 }] : []);
  const { verification } = await begin(server.url, path, { pieces: { findBad } }).done;
  expect([verification.type, await readFile(path, 'utf8')]).toEqual(['pieces', TEXT]);
  expect(server.requests.map((head) => /^range: (.*)$/im.exec(head)?.[1])).toEqual(['bytes=0-', 'bytes=256-511']);
});

test('the target of a redirect is asked again, until it refuses; then the first address is', async () => {
  const paths: string[] = [];
  const server = await serveRaw((socket, head) => {
    const path = head.split(' ')[1] ?? '';
    paths.push(path);
    if (path === '/file') return void socket.write(print(302, { Location: `/signed-${paths.length}` }));
    if (paths.length === 2) return void socket.end(printRange(head, TEXT, TAG).slice(0, 500));
    socket.write(paths.length === 3 ? print(403, {}) : printRange(head, TEXT, TAG));
  });
  const path = freshPath();
  await begin(`${server.url}/file`, path).done;
  expect(await readFile(path, 'utf8')).toBe(TEXT);
  expect(paths).toEqual(['/file', '/signed-1', '/signed-1', '/file', '/signed-4']);
});

test('what an earlier run has left is used once: after a restart, it is gone', async () => {
  // Weak tags, so that a break begins again; the journal is of the same size and a strong tag.
  const path = freshPath();
  let phase: 'first' | 'changed' | 'back' = 'first';
  const server = await serveRaw((socket, head) => {
    switch (phase) {
      case 'first':
        return void socket.end(printRange(head, TEXT, TAG).slice(0, 600));
      case 'changed':
        phase = 'back';
        return void socket.end(printRange(head, TEXT.toUpperCase(), { ETag: 'W/"b"' }).slice(0, 600));
      case 'back':
        return void socket.write(printRange(head, TEXT, TAG));
    }
  });
  const late = () => ({ sink: async () => fileTarget(path), fetcher, firstPause: 10 });
  expect(await failureOf(startDownload(server.url, { ...late(), tries: 1 }).done)).toBe('network');
  phase = 'changed';
  await startDownload(server.url, late()).done;
  expect(await readFile(path, 'utf8')).toBe(TEXT);
});

test('what an earlier run has left is emptied once, also if the response that led to it is given up meanwhile', async () => {
  const path = freshPath();
  let phase: 'first' | 'changed' | 'back' = 'first';
  const emptying = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const emptied = Promise.withResolvers<void>();
  const server = await serveRaw((socket, head) => {
    switch (phase) {
      case 'first':
        return void socket.end(printRange(head, TEXT, TAG).slice(0, 600));
      case 'changed':
        phase = 'back';
        return void socket.write(printRange(head, TEXT.toUpperCase(), { ETag: '"b"' }));
      case 'back': {
        const answer = () => void socket.write(printRange(head, TEXT, TAG));
        if (/^range: bytes=0-/im.test(head)) return answer();
        // A download that keeps the bytes of the first run asks for the others alone. Then they are removed.
        gate.resolve();
        void emptied.promise.then(answer);
      }
    }
  });
  const broken = begin(server.url, path, { tries: 1 });
  expect(await failureOf(broken.done)).toBe('network');
  phase = 'changed';
  const { sink, journal } = fileTarget(path);
  async function empty(): Promise<void> {
    emptying.resolve();
    await gate.promise;
    await sink.empty();
    emptied.resolve();
  }
  const late = async () => ({ sink: { ...sink, empty }, journal });
  const running = startDownload(server.url, { sink: late, fetcher, firstPause: 10 });
  await emptying.promise;
  await running.pause();
  running.resume();
  while (server.requests.length < 3) await new Promise((resolve) => void setTimeout(resolve, 10));
  await new Promise((resolve) => void setTimeout(resolve, 100));
  gate.resolve();
  await running.done;
  expect(await readFile(path, 'utf8')).toBe(TEXT);
});

test('a journal that can not be written at the end is a failure, and there is no file', async () => {
  const server = await serveRaw((socket, head) => void socket.write(printRange(head, TEXT, TAG)));
  const path = freshPath();
  const { sink, journal } = fileTarget(path);
  const save = () => Promise.reject(new Error('ENOSPC'));
  const done = startDownload(server.url, { sink, journal: { ...journal, save }, fetcher }).done;
  expect(await failureOf(done)).toBe('disk');
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});

test('an address that is none, and options that exclude each other, throw', () => {
  const { sink, journal } = fileTarget(freshPath());
  expect(() => startDownload('ftp://files.example/a', { sink })).toThrow(TypeError);
  expect(() => startDownload('a', { sink })).toThrow(TypeError);
  const options = { sink: () => Promise.resolve({ sink }), journal };
  expect(() => startDownload('http://files.example/a', options)).toThrow(TypeError);
});
