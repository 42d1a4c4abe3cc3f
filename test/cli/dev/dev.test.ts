import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isFull } from '../../full.ts';
import { killAll, start, startServer, stop, type StartOptions } from '../commands.ts';

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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
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

test('a large file that was interrupted while it was uploaded goes on there', { timeout: 120_000 }, async () => {
  const size = 200 * 1024 * 1024;
  const dir = await folder('interrupted', { 'large.bin': Buffer.alloc(size, 'abc') });
  const first = start(['dev', '--dir', dir, '--port', '0', '--persist', join(home, 'kept')], here());
  const uploads = join(home, 'kept/uploads.json');
  const parts = async () =>
    [...(await readFile(uploads, 'utf8').catch(() => '')).matchAll(/"partNumber":(\d+)/g)].length;
  while ((await parts()) < 2) await sleep(10);
  first.child.kill('SIGKILL');
  const before = await parts();
  expect(before).toBeLessThan(4);
  const second = await startServer(['dev', '--dir', dir, '--port', '0', '--persist', join(home, 'kept')], here());
  const response = await fetch(`${second.url}/large.bin`, { headers: { Range: `bytes=${size - 3}-` } });
  expect([response.status, await response.text()]).toEqual([206, Buffer.alloc(size, 'abc').subarray(-3).toString()]);
  // Its tag is that of an upload in four parts, of which the first run has sent some.
  expect(response.headers.get('ETag')).toMatch(/-4"$/);
  await stop(second);
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
