import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandProcess } from './command-process.ts';
import { killAll, startServer, stop } from './commands.ts';

const commands = commandProcess();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-options-'));
  await writeFile(join(folder, 'index.html'), '<p>index</p>');
  await writeFile(join(folder, 'index.json'), '{ "index": "index.html" }');
});
afterAll(async () => {
  await commands.stop();
  killAll();
  await rm(folder, { recursive: true });
});

const PASSWORD = 'a-password-of-the-environment';

async function serving(options: readonly string[], ask: (url: string) => Promise<void>): Promise<void> {
  const env = { ALICE_PASSWORD: PASSWORD };
  const server = await startServer(['serve', '--dir', '.', '--port', '0', ...options], { cwd: folder, env });
  await ask(server.url);
  await stop(server);
  expect(server.output.err).not.toContain(PASSWORD);
}

test('--index, --cors and --cache-control are the settings of these names', async () => {
  await serving(
    ['--index', 'index.html', '--cors', 'https://a.example,https://b.example', '--cache-control', 'max-age=60'],
    async (url) => {
      const response = await fetch(`${url}/`, { headers: { Origin: 'https://b.example' } });
      expect([response.status, await response.text()]).toEqual([200, '<p>index</p>']);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://b.example');
      expect(response.headers.get('Cache-Control')).toContain('max-age=60');
    },
  );
});

test.each(['64MiB', './blocks'])('--cache %s caches blocks', async (cache) => {
  await serving(['--cache', cache], async (url) => {
    await (await fetch(`${url}/index.html`)).text();
    const response = await fetch(`${url}/index.html`);
    expect(response.headers.get('Cache-Status')).toMatch(/^Rangeway; hit/);
    expect(await response.text()).toBe('<p>index</p>');
    // Blocks are written to disk after they are answered.
    if (cache === './blocks') await expect.poll(() => readdir(folder)).toContain('blocks');
  });
  if (cache !== './blocks') expect(await readdir(folder)).not.toContain('blocks');
});

test('--auth asks for the password in a variable', async () => {
  await serving(['--auth', 'alice:ALICE_PASSWORD'], async (url) => {
    const status = async (password: string) => {
      const headers = { Authorization: `Basic ${btoa(`alice:${password}`)}` };
      return (await fetch(`${url}/index.html`, { headers })).status;
    };
    expect([(await fetch(`${url}/index.html`)).status, await status('wrong'), await status(PASSWORD)]).toEqual([
      401, 401, 200,
    ]);
  });
});

test.for<readonly [options: readonly string[], message: RegExp]>([
  [['--index', 'a/b'], /^rangeway: --index: takes a file name without slashes/],
  [['--cache', '12'], /--cache takes a size such as 256MiB or 2GB, or a folder such as \.\/cache, not "12"/],
  [['--cache', '5 GB'], /--cache takes a size/],
  [
    ['--cors', 'example.com'],
    /^rangeway: --cors: takes origins as browsers send them, such as "https:\/\/example\.com"/,
  ],
  [['--auth', 'alice'], /--auth takes a user and the name of the variable with the password/],
  [['--auth', `alice:${PASSWORD}`], /--auth takes a user and the name of the variable with the password/],
  [['--auth', 'alice:NOT_SET_HERE'], /--auth: NOT_SET_HERE is to hold a password, and is not set/],
  [['--index', 'x.html', '--config', 'index.json'], /--index is a setting of index\.json too; leave one of them out/],
])('%o is a mistake that is explained', async ([options, message]) => {
  const { code, err } = await commands.run(['serve', '--dir', '.', '--port', '0', ...options], folder, process.env);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  expect(err).not.toContain(PASSWORD);
});

test('--pieces builds the indexes that are missing in the background, and serves them', async () => {
  await serving(['--pieces'], async (url) => {
    const ask = async () => (await fetch(`${url}/index.html?pieces`)).status;
    await expect.poll(ask, { timeout: 20_000 }).toBe(200);
    const { headers } = await fetch(`${url}/index.html`);
    expect([headers.has('Repr-Digest'), headers.get('Link')]).toEqual([true, expect.stringContaining('?pieces>')]);
    expect((await fetch(`${url}/.rangeway/pieces/`)).status).toBe(404);
  });
});
