import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sqliteTransferStore } from '../../../src/transfers/drivers/sqlite.ts';
import { freeUrl } from '../loopback.ts';
import { CLOUDFRONT_HEAD, cloudFrontLine } from './cloudfront-lines.ts';
import { killAll, MAIN, run, start, startServer, stop } from '../commands.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const ENV = { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32), RANGEWAY_ADMIN_TOKEN: TOKEN };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-list-'));
  await writeFile(join(folder, 'a.bin'), 'x'.repeat(100));
  const settings = { admin: { token: 'ADMIN_TOKEN' }, transfers: { secret: 'TRANSFERS_SECRET' } };
  await writeFile(join(folder, 'gateway.json'), JSON.stringify(settings));
});
afterEach(async () => {
  killAll();
  await rm(join(folder, 'rangeway-transfers.sqlite'), { force: true });
  await rm(join(folder, 'rangeway-transfers.sqlite-wal'), { force: true });
  await rm(join(folder, 'rangeway-transfers.sqlite-shm'), { force: true });
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

const serve = (port = '0') =>
  startServer(['serve', '--dir', folder, '--port', port, '--config', join(folder, 'gateway.json')], {
    cwd: folder,
    env: ENV,
  });
const options = () => ({ cwd: folder, env: ENV });

async function download(url: string, agent: string, range = 'bytes=0-'): Promise<void> {
  const response = await fetch(`${url}/a.bin`, { headers: { 'User-Agent': agent, Range: range } });
  await response.arrayBuffer();
}

describe('transfers URL', () => {
  test('prints a table, or a transfer a line', async () => {
    const { url } = await serve();
    for (const range of ['bytes=0-', 'bytes=0-41']) await download(url, range, range);
    const table = async (...args: readonly string[]) => (await run(['transfers', url, ...args], options())).out;
    await expect.poll(() => table(), { timeout: 20_000 }).toMatch(/^KEY +READER .*\n(?:a\.bin .*\n){2}$/);
    expect(await table()).toMatch(/a\.bin +client:\w+… +paused +42 %.*\na\.bin +client:\w+… +complete +100 %/);
    expect((await table('--state', 'complete')).trim().split('\n')).toHaveLength(2);
    expect((await table('--limit', '1')).trim().split('\n')).toHaveLength(2);
    const json = (await table('--json'))
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(json).toEqual([
      expect.objectContaining({ progress: 0.42, key: 'a.bin' }),
      expect.objectContaining({ complete: 1 }),
    ]);
  });
  test('--watch prints a line for each change, and goes on when the gateway is back', { timeout: 60_000 }, async () => {
    const server = await serve();
    const watching = start(['transfers', '--watch', server.url, '--json'], options());
    await expect
      .poll(async () => (await download(server.url, 'one'), watching.output.out), { timeout: 20_000 })
      .toContain('"state":"complete"');
    await stop(server);
    await expect.poll(() => watching.output.err, { timeout: 20_000 }).toContain('trying again');
    const { url } = await serve(new URL(server.url).port);
    await download(url, 'two', 'bytes=0-24');
    await expect.poll(() => watching.output.out, { timeout: 30_000 }).toContain('"progress":0.25');
    await stop(watching);
    expect([watching.child.exitCode, watching.child.signalCode]).toEqual([0, null]);
  });
  test.runIf(process.platform === 'linux')(
    '--watch draws a table over itself in a terminal',
    { timeout: 60_000 },
    async () => {
      const { url } = await serve();
      await download(url, 'one', 'bytes=0-24');
      const line = `stty cols 70 rows 20; exec '${process.execPath}' '${MAIN}' transfers --watch ${url}`;
      const terminal = spawn('script', ['-qefc', line, '/dev/null'], { env: { ...process.env, ...ENV } });
      let text = '';
      terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk.replaceAll('\u001b', 'ESC')));
      await expect.poll(() => text, { timeout: 20_000 }).toMatch(/KEY +READER[^]*a\.bin +client:\w+… +paused +25 %/);
      await download(url, 'two');
      // Two lines up, and both transfers below the headings.
      await expect
        .poll(() => text, { timeout: 20_000 })
        .toMatch(/ESC\[2FESC\[JKEY[^\n]*\n[^\n]*100 %[^\n]*\n[^\n]*25 %/);
      const widths = text
        .replaceAll(/ESC\[\d*[A-Z]/g, '')
        .split(/\r?\n/)
        .map(({ length }) => length);
      expect(Math.max(...widths)).toBeLessThan(70);
      terminal.stdin.write('\u0003');
      const [code] = await once(terminal, 'close');
      expect(code).toBe(0);
    },
  );
  test('tells what is wrong', async () => {
    const { url } = await serve();
    const failing = async (args: readonly string[], env: Record<string, string> = ENV) => {
      const { code, err, out } = await run(['transfers', ...args], { cwd: folder, env });
      expect(out).toBe('');
      return [code, err];
    };
    expect(await failing([url], { RANGEWAY_ADMIN_TOKEN: '' })).toEqual([
      2,
      expect.stringContaining('RANGEWAY_ADMIN_TOKEN'),
    ]);
    expect(await failing([url], { RANGEWAY_ADMIN_TOKEN: 'other' })).toEqual([
      1,
      expect.stringContaining('another token'),
    ]);
    expect(await failing(['--watch', url], { RANGEWAY_ADMIN_TOKEN: 'other' })).toEqual([
      1,
      expect.stringContaining('another token'),
    ]);
    expect(await failing([`${url}/none`])).toEqual([1, expect.stringContaining('has no transfers')]);
    expect(await failing([url, '--state', 'none'])).toEqual([1, expect.stringContaining('refuses a filter')]);
    expect(await failing([(await freeUrl()).href])).toEqual([1, expect.stringContaining('nothing listens there')]);
    for (const args of [[], ['ftp://a'], [url, 'b'], [url, '--limit', '0']]) expect((await failing(args))[0]).toBe(2);
  });
});

describe('transfers import', () => {
  test('counts what a CDN served from its cache, once', { timeout: 60_000 }, async () => {
    const { url } = await serve();
    await download(url, 'curl/8.9.1 (x)', 'bytes=0-39');
    const seen = new Date(Date.now() + 5_000).toISOString();
    const at = { date: seen.slice(0, 10), time: seen.slice(11, 19), 'c-ip': '127.0.0.1', 'sc-status': 206 };
    const line = (from: number, end: number, columns: Record<string, string> = {}) =>
      cloudFrontLine({
        ...at,
        'sc-content-len': end - from,
        'sc-range-start': from,
        'sc-range-end': end - 1,
        ...columns,
      });
    const lines = [
      CLOUDFRONT_HEAD,
      line(40, 80),
      line(80, 100),
      // The gateway has seen this one, and these are no bytes of an object that there is.
      line(0, 40, { 'x-edge-result-type': 'Miss' }),
      line(0, 40, { 'cs-uri-stem': '/none.bin' }),
      line(90, 200),
      line(0, 40, { date: '2020-01-01' }),
    ];
    await writeFile(join(folder, 'log'), `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'again.gz'), gzipSync(lines.join('\r\n')));
    const importing = (...args: readonly string[]) => run(['transfers', 'import', ...args], options());
    const first = await importing('log', '--format', 'cloudfront', '--url', url);
    expect([first.code, first.err]).toEqual([
      0,
      expect.stringContaining('log: 2 requests of objects, 3 of other versions'),
    ]);
    const list = async () => (await run(['transfers', url, '--json'], options())).out.trim().split('\n');
    await expect.poll(list).toEqual([expect.stringContaining('"complete":1')]);
    const [before = ''] = await list();
    expect(JSON.parse(before)).toMatchObject({ progress: 0, requests: 3, bytesSent: 100, state: 'complete' });
    const again = await importing('log', 'again.gz', '--format', 'cloudfront', '--url', url);
    expect(again.code).toBe(0);
    expect(await list()).toEqual([before]);
    const misses = await importing('log', '--format', 'cloudfront', '--url', url, '--misses');
    expect(misses.code).toBe(0);
    const logpush = {
      ClientIP: '192.0.2.7',
      ClientRequestHost: 'files.example.com',
      ClientRequestMethod: 'GET',
      ClientRequestURI: '/a.bin',
      ClientRequestUserAgent: 'wget',
      EdgeResponseStatus: 200,
      EdgeResponseBodyBytes: 25,
      CacheCacheStatus: 'hit',
      EdgeStartTimestamp: seen,
      EdgeEndTimestamp: seen,
    };
    await writeFile(join(folder, 'logpush'), JSON.stringify(logpush));
    expect((await importing('logpush', '--format', 'cloudflare', '--url', url)).code).toBe(0);
    expect(await list()).toEqual([expect.stringContaining('"progress":0.25'), expect.any(String)]);
  });
  test('tells what is wrong', async () => {
    const { url } = await serve();
    const importing = async (...args: readonly string[]) => {
      const { code, err } = await run(['transfers', 'import', ...args], options());
      return [code, err];
    };
    expect(await importing('a.bin')).toEqual([2, expect.stringContaining('--format')]);
    expect(await importing('--format', 'cloudfront', '--url', url)).toEqual([
      2,
      expect.stringContaining('takes files'),
    ]);
    expect(await importing('none', '--format', 'cloudfront', '--url', url)).toEqual([
      2,
      expect.stringContaining('none: there is no such file'),
    ]);
    expect(await importing('a.bin', '--format', 'cloudflare', '--url', url)).toEqual([
      0,
      expect.stringContaining('0 requests'),
    ]);
    await writeFile(join(folder, 'cut.gz'), gzipSync('a'.repeat(1_000)).subarray(0, 20));
    expect(await importing('cut.gz', '--format', 'cloudflare', '--url', url)).toEqual([
      2,
      expect.stringContaining("cut.gz: it can't be read"),
    ]);
    const refused = await fetch(`${url}/.rangeway/transfers/import`, { method: 'POST', body: '{}' });
    expect(refused.status).toBe(401);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const invalid = await fetch(`${url}/.rangeway/transfers/import`, { method: 'POST', body: '{}', headers });
    expect(invalid.status).toBe(400);
  });
});

describe('transfers backup', () => {
  test('copies the database while a server writes it', { timeout: 60_000 }, async () => {
    const { url } = await serve();
    await download(url, 'one');
    const file = join(folder, 'rangeway-transfers.sqlite');
    await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
    const done = new AbortController();
    const writing = (async () => {
      for (let i = 0; !done.signal.aborted; i++) await download(url, `agent ${i}`);
    })();
    const backups: string[] = [];
    for (let i = 0; i < 5; i++) {
      const target = join(folder, `backup-${i}.sqlite`);
      const { code, err } = await run(['transfers', 'backup', target], options());
      expect([code, err]).toEqual([0, expect.stringContaining('is a copy of')]);
      backups.push(target);
    }
    done.abort();
    await writing;
    let before = 0;
    for (const target of backups) {
      const store = sqliteTransferStore({ file: target });
      const found = await store.list({}, 100_000);
      await store.close();
      expect(found.every(({ complete, state }) => complete === 1 || state !== 'complete')).toBe(true);
      expect(found.length).toBeGreaterThanOrEqual(before);
      before = found.length;
    }
    expect(before).toBeGreaterThan(0);
    const again = await run(['transfers', 'backup', backups[0] ?? '', '--file', file], options());
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('exists')]);
  });
  test('refuses what is no database of transfers', async () => {
    const backup = async (...args: readonly string[]) => {
      const { code, err } = await run(['transfers', 'backup', ...args], options());
      return [code, err];
    };
    const target = join(folder, 'none.sqlite');
    expect(await backup()).toEqual([2, expect.stringContaining('takes the file')]);
    expect(await backup(target)).toEqual([2, expect.stringContaining('there is no')]);
    expect(await backup(target, '--file', join(folder, 'a.bin'))).toEqual([
      2,
      expect.stringContaining('is not copied'),
    ]);
    await expect(readFile(target)).rejects.toThrow('ENOENT');
    await expect(readFile(`${target}.part`)).rejects.toThrow('ENOENT');
  });
});
