import { fileURLToPath } from 'node:url';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../bench/free-port.ts';
import { isFull } from '../../full.ts';
import { killAll, run, startServer, stop, type StartOptions } from '../commands.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rangeway-dev-'));
});
afterAll(async () => {
  killAll();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

const here = (): StartOptions => ({ cwd: home });

async function folder(name: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const path = join(home, name);
  for (const [key, content] of Object.entries(files)) {
    await mkdir(join(path, key, '..'), { recursive: true });
    await writeFile(join(path, key), content);
  }
  return path;
}

const status = async (url: string) => (await fetch(url)).status;

/** Asks until the answer is as expected: at most two seconds, which is what `dev` promises. */
async function becomes(url: string, expected: number): Promise<number> {
  const end = Date.now() + 10_000;
  let seen = await status(url);
  while (seen !== expected && Date.now() < end) {
    await sleep(50);
    seen = await status(url);
  }
  return seen;
}

test('two runs over two folders have a bucket each', async () => {
  const one = await folder('one', { 'one.txt': '1', 'both.txt': 'of one' });
  const two = await folder('two', { 'two.txt': '2', 'both.txt': 'of two' });
  const [first, second] = await Promise.all(
    [one, two].map((dir) => startServer(['dev', '--dir', dir, '--port', '0'], here())),
  );
  if (first === undefined || second === undefined) throw new Error('nothing was started');
  const statuses = [`${first.url}/one.txt`, `${first.url}/two.txt`, `${second.url}/one.txt`, `${second.url}/two.txt`];
  expect(await Promise.all(statuses.map(status))).toEqual([200, 404, 404, 200]);
  expect(await (await fetch(`${first.url}/both.txt`)).text()).toBe('of one');
  expect(await (await fetch(`${second.url}/both.txt`)).text()).toBe('of two');
  await Promise.all([stop(first), stop(second)]);
});

test('added, changed and removed files are served as they are in the folder', async () => {
  const dir = await folder('watched', { 'old.txt': 'old', 'same.txt': 'before' });
  const server = await startServer(['dev', '--dir', dir, '--port', '0'], here());
  await folder('watched', { 'deep/er/new.txt': 'new', 'same.txt': 'after' });
  await rm(join(dir, 'old.txt'));
  expect(await becomes(`${server.url}/deep/er/new.txt`, 200)).toBe(200);
  expect(await becomes(`${server.url}/old.txt`, 404)).toBe(404);
  expect(await (await fetch(`${server.url}/same.txt`)).text()).toBe('after');
  await stop(server);
  expect(server.output.err).toContain('the folder has changed: ');
});

test('links are followed to files and folders inside, and not out or in a circle', async () => {
  const dir = await folder('linked', { 'a/file.txt': 'x' });
  await folder('outside', { 'secret.txt': 's' });
  await symlink('a', join(dir, 'b'));
  await symlink('a/file.txt', join(dir, 'c.txt'));
  await symlink('..', join(dir, 'a/up'));
  await symlink(join(home, 'outside'), join(dir, 'out'));
  const { url, ...server } = await startServer(['dev', '--dir', dir, '--port', '0'], here());
  const keys = ['a/file.txt', 'b/file.txt', 'c.txt', 'out/secret.txt', 'a/up/c.txt'];
  expect(await Promise.all(keys.map((key) => status(`${url}/${key}`)))).toEqual([200, 200, 200, 404, 404]);
  await stop(server);
});

test(
  'the port refuses connections until the bucket is filled, and is never answered 404',
  { timeout: 180_000 },
  async () => {
    const large = Buffer.alloc((isFull ? 500 : 100) * 1024 * 1024, 'rangeway');
    const dir = await folder('large', { 'large.bin': large });
    const port = await freePort();
    const server = startServer(['dev', '--dir', dir, '--port', String(port)], here());
    const seen = new Set<number | string>();
    const ready = server.then(() => true);
    while (!(await Promise.race([ready, sleep(20, false)]))) {
      seen.add(await status(`http://127.0.0.1:${port}/large.bin`).catch(() => 'refused'));
    }
    expect(seen.has(404)).toBe(false);
    const { url, ...running } = await server;
    const digest = createHash('sha256');
    for await (const chunk of (await fetch(`${url}/large.bin`)).body ?? []) digest.update(chunk);
    expect(digest.digest('hex')).toBe(createHash('sha256').update(large).digest('hex'));
    await stop(running);
  },
);

const MiB = 1024 * 1024;

/** Fills a bucket in parts of 8 MiB, in a process of its own that can be killed. */
function fillInParts(dir: string, persist: string): ChildProcess {
  const from = (file: string) => JSON.stringify(join(import.meta.dirname, '../../../src/cli/dev', file));
  const script = `
    import { fill } from ${from('fill.ts')};
    import { listFiles } from ${from('files.ts')};
    import { OWN_CONFIG, startWorkerd } from ${from('workerd.ts')};
    const persist = ${JSON.stringify(persist)};
    const options = { config: OWN_CONFIG, host: '127.0.0.1', port: 0, persist, uploadPart: ${8 * MiB} };
    const workerd = await startWorkerd(options);
    await fill(workerd.bucket, await listFiles(${JSON.stringify(dir)}), () => undefined);
    console.log(workerd.url);
    process.once('SIGTERM', () => void workerd.stop().then(() => process.exit()));
  `;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

test('a large file that was interrupted while it was uploaded goes on there', { timeout: 120_000 }, async () => {
  const size = 84 * MiB;
  const dir = await folder('interrupted', { 'large.bin': Buffer.alloc(size, 'abc') });
  const persist = join(home, 'kept');
  const record = () => readFile(join(persist, 'uploads.json'), 'utf8').catch(() => '');
  const parts = async () => [...(await record()).matchAll(/"partNumber":(\d+)/g)].length;
  const first = fillInParts(dir, persist);
  while ((await parts()) < 3) await sleep(5);
  first.kill('SIGKILL');
  await once(first, 'close');
  const before = await parts();
  const id = /"id":"([^"]+)"/.exec(await record())?.[1] ?? '';
  expect([before >= 3, before < 11, id.length > 0]).toEqual([true, true, true]);
  const second = fillInParts(dir, persist);
  const ids = new Set<string>();
  let url = '';
  second.stdout?.on('data', (text: Buffer) => (url += text.toString()));
  while (!url.includes('\n')) {
    for (const [, seen = ''] of (await record()).matchAll(/"id":"([^"]+)"/g)) ids.add(seen);
    await sleep(5);
  }
  // The same upload, to its end.
  expect([...ids]).toEqual([id]);
  expect(await record()).toBe('[]');
  const response = await fetch(`${url.trim()}/large.bin`, { headers: { Range: `bytes=${size - 9}-` } });
  expect([response.status, await response.text()]).toEqual([206, Buffer.alloc(size, 'abc').subarray(-9).toString()]);
  expect(response.headers.get('ETag')).toMatch(/-11"$/);
  second.kill('SIGTERM');
  await once(second, 'close');
});

test('a signed Worker finds its keys in .dev.vars, and in the environment', async () => {
  const dir = await folder('signed', { 'a.txt': 'a' });
  const project = await folder('project', {
    'wrangler.toml': `name = "x"
main = ${JSON.stringify(join(import.meta.dirname, '../../../src/platform/workers/worker.ts'))}
compatibility_date = "2026-08-01"
compatibility_flags = ["enable_request_signal"]
[[r2_buckets]]
binding = "BUCKET"
bucket_name = "files"
[vars.RANGEWAY]
access = { type = "basic", users = "USERS" }
`,
  });
  const args = ['dev', '--dir', dir, '--port', '0'];
  const ask = (url: string, password: string) =>
    fetch(`${url}/a.txt`, { headers: { Authorization: `Basic ${btoa(`me:${password}`)}` } }).then((one) => one.status);
  await writeFile(join(project, '.dev.vars'), 'USERS="me:of-the-file-with-variables"\n');
  const fromFile = await startServer(args, { cwd: project });
  expect(await ask(fromFile.url, 'of-the-file-with-variables')).toBe(200);
  await stop(fromFile);
  const fromEnvironment = await startServer(args, { cwd: project, env: { USERS: 'me:of-the-environment' } });
  expect(await ask(fromEnvironment.url, 'of-the-environment')).toBe(200);
  expect(await ask(fromEnvironment.url, 'of-the-file-with-variables')).toBe(401);
  await stop(fromEnvironment);
});

test.for([
  ['names none', '', 'names no Worker: it needs the field main'],
  ['names a file that does not exist', 'main = "src/none.ts"', 'can\'t be bundled: error: Could not resolve "'],
  [
    'names a file that is no program',
    'main = "broken.ts"',
    "can't be bundled: broken.ts:1:5: ERROR: Expected identifier",
  ],
])('a wrangler.toml that %s for the Worker is told in one line', async ([, main = '', message = '']) => {
  const project = await folder('without', { 'wrangler.toml': `name = "x"\n${main}\n`, 'broken.ts': 'const' });
  const { code, out, err } = await run(['dev', '--dir', project, '--port', '0'], { cwd: project });
  expect([code, out, err.trimEnd().split('\n')]).toEqual([2, '', [expect.stringContaining(message)]]);
});

test('with the setting pieces, indexes are built after filling and after changes, and removed with their objects', async () => {
  const dir = await folder('pieces', { 'a.txt': 'one', '.rangeway/pieces/x': 'of the folder' });
  const config = fileURLToPath(new URL('../../conformance/workers-pieces.toml', import.meta.url));
  const server = await startServer(['dev', '--dir', dir, '--hidden', '--config', config, '--port', '0'], here());
  expect(await becomes(`${server.url}/a.txt?pieces`, 200)).toBe(200);
  await folder('pieces', { 'b.txt': 'two' });
  expect(await becomes(`${server.url}/b.txt?pieces`, 200)).toBe(200);
  const metalink = await (await fetch(`${server.url}/b.txt?meta4`)).text();
  expect(metalink).toContain(`<hash type="sha-256">${createHash('sha256').update('two').digest('hex')}</hash>`);
  await stop(server);
  expect(server.output.err).toContain('1 piece index built');
});
