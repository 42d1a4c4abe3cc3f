import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAll, run, startServer } from '../commands.ts';
import {
  hasServer,
  startCachingProxy,
  startStaticServer,
  type StaticServer,
  type StaticServerName,
} from './static-servers.ts';

let home: string;
let files: string;
const started: StaticServer[] = [];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rangeway-check-'));
  files = join(home, 'files');
  await mkdir(files);
  const date = new Date('2026-11-01T10:00:00Z');
  for (const name of ['a.bin', 'a.txt']) {
    await writeFile(join(files, name), 'some text that can be compressed\n'.repeat(10_000));
    await utimes(join(files, name), date, date);
  }
});
afterAll(async () => {
  killAll();
  for (const server of started) await server.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

/** The verdicts that differ from those of a server without faults, a CDN or CORS. */
type Verdicts = Readonly<Record<string, string>>;

const PLAIN: Verdicts = {
  redirects: 'ok none',
  length: 'ok 330000 bytes',
  'accept-ranges': 'ok bytes',
  range: 'ok 206 with bytes 1-8',
  'open-range': 'ok 206 with bytes 1- to the end',
  'suffix-range': 'ok 206 with the last 8 bytes',
  'range-beyond-end': 'ok 416 with bytes */330000',
  'several-ranges': 'ok 206 multipart/byteranges with both',
  'entity-tag': 'ok strong',
  'same-version': 'ok the same in 12 responses',
  'if-range': 'ok 206',
  'if-range-old': 'ok 200, the whole',
  'if-range-date': 'ok 206, an old date 200',
  'if-none-match': 'ok 304',
  'if-match-old': 'ok 412',
  head: 'ok equal to GET',
  compression: 'ok none',
  'cors-preflight': 'warning',
  'cors-exposed': 'warning no Access-Control-Allow-Origin',
  cache: 'warning no cache shows itself',
  'cached-range': 'warning no cache shows itself',
  'link-expiry': 'ok none in the address',
  clock: 'ok within 60 s',
  'file-name': 'ok no Content-Disposition',
  digests: 'warning none',
};

const OURS: Verdicts = {
  'cors-preflight': 'ok Range, If-Range and If-Match',
  'cors-exposed': 'ok Content-Range and ETag',
};

const PYTHON: Verdicts = {
  'accept-ranges': 'warning not sent',
  range: 'fault 200: Range is ignored',
  'open-range': 'fault 200: Range is ignored',
  'suffix-range': 'warning 200: Range is ignored',
  'range-beyond-end': 'warning 200',
  'several-ranges': 'warning 200',
  'entity-tag': 'fault no ETag, only Last-Modified',
  'same-version': 'ok the same in 10 responses',
  'if-range': 'warning not asked',
  'if-range-date': 'warning 200',
  'if-none-match': 'warning not asked',
  'if-match-old': 'warning 200',
  'cached-range': 'warning 200, no cache shows itself',
};

async function isDatePast(url: string): Promise<boolean> {
  const { headers } = await fetch(url, { method: 'HEAD' });
  return Date.parse(headers.get('Last-Modified') ?? '') < Date.parse(headers.get('Date') ?? '');
}

/** Checks an address by the command, and compares all its verdicts. */
async function expectVerdicts(
  url: string,
  verdicts: Verdicts,
): Promise<{ readonly code: number; readonly summary: string }> {
  const { code, out, err } = await run(['check', url, '--json', '--timeout', '60s'], { cwd: home });
  expect(err).toBe('');
  const report: { summary: string; checks: { name: string; level: string; seen: string }[] } = JSON.parse(out);
  const expected = { ...PLAIN, ...verdicts };
  const seen = report.checks.map(({ name, level, seen: text }) => [
    name,
    `${level} ${text}`.startsWith(expected[name] ?? 'no such check') ? expected[name] : `${level} ${text}`,
  ]);
  expect(Object.fromEntries(seen)).toEqual(expected);
  return { code, summary: report.summary };
}

/** Servers of files, their verdicts for a file, and the exit code. */
const servers: readonly (readonly [StaticServerName, file: string, Verdicts, code: number, summary: RegExp])[] = [
  ['nginx', 'a.bin', {}, 0, /^Yes, safely/],
  ['nginx-gzip', 'a.txt', { compression: 'warning gzip without a strong tag and without a length' }, 0, /^Yes/],
  ['caddy', 'a.bin', {}, 0, /^Yes, safely/],
  ['caddy-gzip', 'a.txt', { compression: 'fault gzip with the same strong tag' }, 1, /^Not safely: compression/],
  ['python3', 'a.bin', PYTHON, 1, /^No: ranges are not answered/],
];

test.for(servers)('%s, %s', async ([name, file, verdicts, code, summary], { skip }) => {
  if (!hasServer(name)) return skip();
  const server = await startStaticServer(name, files, home);
  started.push(server);
  expect(await expectVerdicts(`${server.url}/${file}`, verdicts)).toEqual({
    code,
    summary: expect.stringMatching(summary),
  });
});

test.for([
  // The date of the files was put back, which makes it weak.
  ['serve', { ...OURS, 'if-range-date': 'warning 200' }],
  ['dev', OURS],
] as const)('the gateway itself, by %s', async ([command, verdicts]) => {
  const { url } = await startServer([command, '--dir', files, '--port', '0'], { cwd: home });
  // In the second of a change, its date is weak.
  await expect.poll(() => isDatePast(`${url}/a.bin`), { timeout: 10_000 }).toBe(true);
  const { code, summary } = await expectVerdicts(`${url}/a.bin`, verdicts);
  expect([code, summary]).toEqual([0, expect.stringMatching(/^Yes, safely/)]);
});

test('a cache in front of the gateway: hits after the first request, or from it on', async ({ skip }) => {
  if (!hasServer('nginx')) return skip();
  const { url } = await startServer(['serve', '--dir', files, '--port', '0'], { cwd: home });
  const proxy = await startCachingProxy(url, home);
  started.push(proxy);
  // nginx answers ranges from the whole that it has stored, and one range only while it does not have it.
  const CACHED: Verdicts = {
    ...OURS,
    cache: 'ok a hit, X-Cache-Status: HIT',
    'cached-range': 'ok a hit, X-Cache-Status: HIT',
  };
  expect(await expectVerdicts(`${proxy.url}/a.bin`, CACHED)).toMatchObject({ code: 0 });
  const list = join(home, 'keys.txt');
  await writeFile(list, 'a.txt\n');
  expect(await run(['warm', '--input-file', list, '--url', proxy.url, '--read', 'whole'], { cwd: home })).toMatchObject(
    { code: 0 },
  );
  const hit = 'ok a hit from the first request on, X-Cache-Status: HIT';
  expect(await expectVerdicts(`${proxy.url}/a.txt`, { ...CACHED, cache: hit, 'cached-range': hit })).toMatchObject({
    code: 0,
  });
});
