import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandProcess } from './command-process.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const commands = commandProcess();

let folder: string;
const running = new Set<ChildProcess>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-cli-'));
  await writeFile(join(folder, 'file.txt'), 'content');
});
afterAll(async () => {
  await commands.stop();
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (output.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output.err += text.toString()));
  return { child, output };
}

async function run(...args: readonly string[]) {
  const { child, output } = start(args);
  const [code] = await once(child, 'close');
  return { code: Number(code), ...output };
}

/** Starts a server and reads its URL from its output. */
async function startServer(...args: readonly string[]) {
  const { child, output } = start(args);
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const match = /(http:\/\/[\d.]+:\d+)\//.exec(output.err);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stderr.on('data', look);
    child.once('close', () => reject(new Error(output.err)));
  });
  return { child, output, url };
}

async function takenPort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: String(address.port), close: () => server.close() };
}

test('--help and no command at all print the overview', async () => {
  for (const args of [['--help'], [], ['help'], ['-h']]) {
    const { code, out } = await commands.run(args, folder, process.env);
    expect([code, out]).toEqual([0, expect.stringMatching(/rangeway dev .*[^]*rangeway purge KEY… .*/)]);
  }
});

test.for(['dev', 'serve', 'lambda', 'config', 'sign', 'keygen', 'purge', 'check', 'warm', 'transfers'])(
  '%s --help prints its options and two or three examples',
  async (name) => {
    for (const args of [
      [name, '--help'],
      [name, '-h'],
      ['help', name],
      [name, '--port', '1', '--help'],
    ]) {
      const { code, out } = await commands.run(args, folder, process.env);
      expect([code, out]).toEqual([0, expect.stringContaining(`rangeway ${name}`)]);
      expect(out).toMatch(/^ {2}--[a-z-]+ /m);
      expect([2, 3]).toContain(out.match(/^ {2}# /gm)?.length);
      expect(out).not.toContain('\u001b');
    }
  },
);

test('--version prints the version', async () => {
  expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

describe('bad usage exits with 2 and says what to write', () => {
  test('settings with a field that does not exist', async () => {
    await writeFile(join(folder, 'wrong.json'), '{ "cacheControll": "x" }');
    const { code, err } = await run('serve', '--dir', '.', '--config', 'wrong.json');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('cacheControll: no such field; did you mean cacheControl? there are cacheControl'),
    ]);
    await writeFile(join(folder, 'wrong.json'), '{ "log": "not a table" }');
    expect((await run('serve', '--dir', '.', '--config', 'wrong.json')).err).toContain(
      'log: takes a table with the fields client, secret',
    );
    await writeFile(join(folder, 'wrong.json'), '[]');
    expect((await run('serve', '--dir', '.', '--config', 'wrong.json')).err).toContain('they take a table of fields');
  });

  test.for(['serve', 'dev'])('a port in use, for %s', async (command) => {
    const { port, close } = await takenPort();
    const { code, err } = await run(command, '--dir', '.', '--port', port);
    close();
    expect([code, err]).toEqual([
      2,
      `rangeway: can't listen on 127.0.0.1:${port}: the port is taken; stop what listens there, or choose another with --port\n`,
    ]);
  });
});

describe('serve', () => {
  test('finishes a download after SIGTERM, and accepts no new one', async () => {
    await writeFile(join(folder, 'large.bin'), new Uint8Array(32 * 1024 * 1024));
    const { child, url, output } = await startServer('serve', '--dir', folder, '--port', '0');
    const response = await fetch(`${url}/large.bin`);
    const reader = response.body?.getReader();
    let received = (await reader?.read())?.value?.length ?? 0;
    child.kill('SIGTERM');
    await expect.poll(() => output.err).toContain('stopping');
    await expect
      .poll(() =>
        fetch(`${url}/file.txt`).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused');
    for (;;) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) break;
      received += chunk.value.length;
    }
    expect(received).toBe(32 * 1024 * 1024);
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  test('applies settings, and logs a line for each request', async () => {
    await writeFile(join(folder, 'settings.json'), '{ "cacheControl": "max-age=5" }');
    const { child, url, output } = await startServer(
      'serve',
      '--dir',
      folder,
      '--port',
      '0',
      '--config',
      join(folder, 'settings.json'),
    );
    const response = await fetch(`${url}/file.txt`);
    expect([await response.text(), response.headers.get('Cache-Control')]).toEqual([
      'content',
      'max-age=5, no-transform',
    ]);
    await expect
      .poll(() => output.out)
      .toMatch(/^\{"time":.*"key":"file\.txt".*"outcome":"complete","client":"127\.0\.0\.1".*\}\n$/);
    child.kill('SIGINT');
    await once(child, 'exit');
  });
});

test('dev fills a bucket, serves it from workerd, and leaves no process or file behind', async () => {
  const source = await mkdtemp(join(folder, 'dev-'));
  await writeFile(join(source, 'ünï #1.txt'), 'content');
  await symlink(join(folder, 'file.txt'), join(source, 'outside.txt'));
  const args = ['dev', '--dir', source, '--port', '0', '--persist', join(folder, 'kept')];
  const first = await startServer(...args);
  expect(await (await fetch(`${first.url}/${encodeURIComponent('ünï #1.txt')}`)).text()).toBe('content');
  expect((await fetch(`${first.url}/outside.txt`)).status).toBe(404);
  expect(first.output.err).toMatch(/1 file uploaded[^]*curl -C - -o cut\.bin http[^]*curl -r 0-9,-10/);
  first.child.kill('SIGINT');
  // Miniflare ends the process itself, as shells expect of a signal.
  expect((await once(first.child, 'exit'))[0]).toBe(130);
  const second = await startServer(...args);
  expect(second.output.err).toContain('0 files uploaded, 1 unchanged');
  second.child.kill('SIGTERM');
  expect((await once(second.child, 'exit'))[0]).toBe(143);
  await expect(fetch(second.url)).rejects.toThrow();
});

describe('names that begin with a dot', () => {
  const statuses = async (url: string) => {
    const answers = [];
    for (const path of ['/a', '/.env', '/%2eenv', '/.git/config', '/.well-known/b'])
      answers.push((await fetch(url + path)).status);
    return answers;
  };

  test.for(['serve', 'dev'])('%s serves none of them without --hidden', async (command) => {
    const source = await mkdtemp(join(folder, 'hidden-'));
    for (const name of ['.git', '.well-known']) await mkdir(join(source, name));
    for (const name of ['a', '.env', '.git/config', '.well-known/b']) await writeFile(join(source, name), name);
    const args = [command, '--dir', source, '--port', '0'];
    if (command === 'dev') args.push('--persist', join(source, '.kept'));
    const all = await startServer(...args, '--hidden');
    expect(await statuses(all.url)).toEqual([200, 200, 200, 200, 200]);
    all.child.kill('SIGTERM');
    await once(all.child, 'exit');
    // Hidden files that were in the bucket before are not served either.
    const plain = await startServer(...args);
    expect(await statuses(plain.url)).toEqual([200, 404, 404, 404, 200]);
    plain.child.kill('SIGTERM');
    await once(plain.child, 'exit');
  });
});

test('dev refuses a wrangler.toml with invalid settings', async () => {
  const config = join(folder, 'wrong.toml');
  const main = fileURLToPath(new URL('../../src/platform/workers/worker.ts', import.meta.url));
  await writeFile(
    config,
    `name = "x"\nmain = "${main}"\ncompatibility_date = "2026-08-06"\n[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "xyz"\n[vars.RANGEWAY]\nindexx = "a"\n`,
  );
  const { code, err } = await run('dev', '--dir', '.', '--port', '0', '--config', config);
  expect(err).toContain('wrong.toml:8:1: indexx: no such field; did you mean index? there are cacheControl');
  expect(code).toBe(2);
});
