import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAll, MAIN, run, startServer } from '../commands.ts';
import { freeUrl, serveHttp, stopServers } from '../loopback.ts';

const SIZE = 200_000;
const BLOCK = 65_536;

let home: string;
let files: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rangeway-warm-'));
  files = join(home, 'files');
  for (const key of ['warm/a b.bin', 'warm/empty', 'cold/a.bin', 'other.bin']) {
    await mkdir(join(files, key, '..'), { recursive: true });
    await writeFile(join(files, key), key === 'warm/empty' ? '' : Buffer.alloc(SIZE, key));
  }
});
afterAll(async () => {
  killAll();
  await stopServers();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

const here = () => ({ cwd: home });

async function cacheStatus(url: string, range = 'bytes=0-0'): Promise<string | null> {
  const response = await fetch(url, { headers: { Range: range } });
  await response.arrayBuffer();
  return response.headers.get('Cache-Status');
}

/** Starts `dev` over a Worker with the block cache in Cloudflare's local cache. */
async function startWorker(): Promise<string> {
  const config = join(home, 'wrangler.toml');
  const worker = fileURLToPath(new URL('../../../src/platform/workers/worker.ts', import.meta.url));
  const toml = [
    'name = "warmed"',
    `main = ${JSON.stringify(worker)}`,
    'compatibility_date = "2026-08-06"',
    'compatibility_flags = ["enable_request_signal"]',
    '[[r2_buckets]]',
    'binding = "BUCKET"',
    'bucket_name = "warmed"',
    '[vars.RANGEWAY]',
    'cache = { type = "workers", origin = "https://files.example.com" }',
    `blocks = { size = ${BLOCK}, ttl = 600000 }`,
  ];
  await writeFile(config, toml.join('\n'));
  return (await startServer(['dev', '--config', config, '--dir', files, '--port', '0'], here())).url;
}

async function startNode(): Promise<string> {
  const config = join(home, 'node.json');
  await writeFile(config, JSON.stringify({ cache: { type: 'memory' }, blocks: { size: BLOCK, ttl: 600_000 } }));
  return (await startServer(['serve', '--dir', files, '--config', config, '--port', '0'], here())).url;
}

interface CheckJson {
  readonly resumable: boolean;
  readonly checks: readonly { readonly name: string; readonly seen: string }[];
}

async function seenByCheck(url: string, name: string): Promise<string | undefined> {
  const { out } = await run(['check', url, '--json', '--timeout', '60s'], here());
  const report: CheckJson = JSON.parse(out);
  expect(report.resumable).toBe(true);
  return report.checks.find((one) => one.name === name)?.seen;
}

describe.for([
  ['workerd, with its local cache', startWorker],
  ['Node', startNode],
] as const)('on %s', ([, start]) => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  test('every block of the objects below a prefix comes from the cache afterwards, and check says so', async () => {
    const { code, out, err } = await run(
      ['warm', 'warm/', '--dir', files, '--url', url, '--read', 'blocks', '--block-size', '64KiB'],
      here(),
    );
    // 4 blocks, each asked for twice, since the cache stores a block at its second use; and one of the empty object.
    expect([code, out, err]).toEqual([
      0,
      '',
      expect.stringMatching(/^rangeway: 2 objects asked for, 0 failed; 9 requests, /),
    ]);
    for (let offset = 0; offset < SIZE; offset += BLOCK) {
      expect(await cacheStatus(`${url}/warm/a%20b.bin`, `bytes=${offset}-${offset + 9}`)).toMatch(/^Rangeway; hit/);
    }
    expect(await seenByCheck(`${url}/warm/a%20b.bin`, 'cached-range')).toMatch(
      /^a hit from the first request on, Cache-Status: Rangeway; hit/,
    );
    expect(await seenByCheck(`${url}/cold/a.bin`, 'cached-range')).not.toContain('first request');
  });

  test('the first block alone by default, the whole by --read whole', async () => {
    await writeFile(join(home, 'keys.txt'), 'other.bin\n');
    const list = ['--input-file', join(home, 'keys.txt'), '--url', url];
    expect(await run(['warm', ...list], here())).toMatchObject({ code: 0 });
    expect(await cacheStatus(`${url}/other.bin`)).toMatch(/hit/);
    expect(await cacheStatus(`${url}/other.bin`, `bytes=${3 * BLOCK}-`)).not.toMatch(/hit/);
    const { code, err } = await run(['warm', ...list, '--read', 'whole'], here());
    expect([code, err]).toEqual([0, expect.stringContaining('1 request, 195.3 KiB')]);
    expect(await cacheStatus(`${url}/other.bin`, `bytes=${3 * BLOCK}-`)).toMatch(/hit/);
  });
});

/** Starts a server that answers by the path. */
async function startScripted(): Promise<string> {
  const url = await serveHttp((request, response) => {
    const status = Number(/\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 206);
    response.writeHead(status, status === 206 ? { 'Content-Range': 'bytes 0-0/9' } : {}).end(status === 206 ? 'x' : '');
  });
  return url.origin;
}

async function runWithInput(args: readonly string[], input: string) {
  const child = spawn(process.execPath, [MAIN, 'warm', ...args], { cwd: home, stdio: ['pipe', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: Number(code), err };
}

test('failures are listed at the end with their reasons, and the exit code is 1', async () => {
  const url = await startScripted();
  const { code, err } = await runWithInput(
    ['--input-file', '-', '--url', url, '--concurrency', '1'],
    'a\n404\n/b\n../c\n403\n\u001b[31m/401',
  );
  expect(code).toBe(1);
  expect(err.split('\n')).toEqual([
    expect.stringMatching(/^rangeway: 6 objects asked for, 4 failed; 5 requests, 2 bytes in \d+ s$/),
    'rangeway: 404: there is no such object (404)',
    expect.stringMatching(/^rangeway: \.\.\/c: no gateway serves such a key/),
    'rangeway: 403: access is refused (403)',
    'rangeway: \\u001b[31m/401: it asks for credentials (401); --header sends them',
    '',
  ]);
});

test('the rate is kept: 30 requests at 20 a second take more than a second', async () => {
  const url = await startScripted();
  const start = performance.now();
  const keys = Array.from({ length: 30 }, (_, i) => `k${i}`).join('\n');
  const { code } = await runWithInput(['--input-file', '-', '--url', url, '--rate', '20', '--concurrency', '30'], keys);
  expect(code).toBe(0);
  // 30 requests without the two that may come at once.
  expect(performance.now() - start).toBeGreaterThan(1_390);
});

test('a gateway that is out of reach ends it early', async () => {
  const url = (await freeUrl()).origin;
  const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`).join('\n');
  const { code, err } = await runWithInput(['--input-file', '-', '--url', url], keys);
  expect(code).toBe(1);
  expect(err).toContain(
    `rangeway: ${url}: stopped after 20 requests without a response; further keys were not asked for`,
  );
  expect(err).toContain('nothing listens there (connection refused)');
  expect(err.split('\n').length).toBeLessThan(30);
});
