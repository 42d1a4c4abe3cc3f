import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let folder: string;
const running = new Set<ChildProcess>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-cli-'));
  await writeFile(join(folder, 'file.txt'), 'content');
});
afterAll(async () => {
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

/** Starts a server and reads its address from what it prints. */
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
    const { code, out } = await run(...args);
    expect([code, out]).toEqual([0, expect.stringMatching(/rangeway dev .*[^]*rangeway purge KEY .*/)]);
  }
});

test.for(['dev', 'serve', 'lambda', 'config', 'sign', 'keygen', 'purge'])(
  '%s --help prints its options and two examples',
  async (name) => {
    for (const args of [
      [name, '--help'],
      [name, '-h'],
      ['help', name],
      [name, '--port', '1', '--help'],
    ]) {
      const { code, out } = await run(...args);
      expect([code, out]).toEqual([0, expect.stringContaining(`rangeway ${name}`)]);
      expect(out).toMatch(/^ {2}--[a-z-]+ /m);
      expect(out.match(/^ {2}# /gm)).toHaveLength(2);
      expect(out).not.toContain('\u001b');
    }
  },
);

test('--version prints the version', async () => {
  expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

describe('bad usage exits with 2 and says in one line what to write', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['frobnicate'], /there is no command "frobnicate"; there are config, dev, keygen, lambda, purge, serve, sign:/],
    [['lambda'], /lambda needs a bucket: rangeway lambda --s3 BUCKET/],
    [['lambda', '--s3', 'files', '--mode', 'fast'], /--mode takes buffered or stream, not "fast"/],
    [['lambda', '--s3', 'files', '--overflow', 'drop'], /--overflow takes redirect or partial or refuse/],
    [['__proto__'], /there is no command "__proto__"/],
    [['a\u202eb\u200b\u001b[31m'], /there is no command "a\\u202eb\\u200b\\u001b\[31m"/],
    [['serve'], /serve needs a folder or a bucket: rangeway serve --dir DIR, or/],
    [['serve', '--dir', '.', '--s3', 'bucket'], /--dir and --s3 are two stores/],
    [['serve', '--dir', '.', '--region', 'x'], /--region goes with --s3 BUCKET/],
    [
      ['serve', '--dir', '.', '--fallback', 'x'],
      /--fallback is not an option of serve; a fallback is a field of a mount in the configuration: /,
    ],
    [
      ['dev', '--s3', 'bucket', '--fallback-region', 'x'],
      /--fallback-region is not an option of dev; a fallback is a field of a mount/,
    ],
    [
      ['lambda', '--s3', 'bucket', '--fallback', 'x'],
      /--fallback is not an option of lambda; a fallback is a field of a mount/,
    ],
    [['serve', '--dir', '.', '--path-style'], /--path-style goes with --s3 BUCKET/],
    [['serve', '--s3', 'bucket', '--hidden'], /--hidden goes with --dir DIR/],
    [['serve', '--hidden'], /--hidden goes with --dir DIR/],
    [['dev', '--hidden', '--port', '0'], /--hidden goes with --dir DIR/],
    [['serve', '--s3', 'a/b'], /--s3 takes the name of a bucket, not "a\/b"/],
    [
      ['serve', '--s3', 'bucket', '--endpoint', 'host:80'],
      /--endpoint takes an address such as https:\/\/s3\.example\.com, not "host:80"/,
    ],
    [
      ['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9'],
      /--s3 bucket can't be read: (?:nothing listens at the endpoint|there are no credentials|no region is set)/,
    ],
    [['dev', '--dir', '.', '--s3', 'bucket'], /--dir fills a local bucket; with --s3 there is none/],
    [
      ['dev', '--s3', 'bucket', '--port', '0'],
      /dev --s3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment/,
    ],
    [['serve', '--dir'], /--dir takes a value: --dir DIR/],
    [['serve', '--dir', 'none'], /--dir none: there is no such folder/],
    [['serve', '--dir', 'file.txt'], /--dir file\.txt: this is a file/],
    [['serve', '--dir', '.', '--port', 'x'], /--port takes a number from 0 to 65535, not "x"/],
    [['serve', '--dir', '.', '--port', '65536'], /--port takes/],
    [
      ['serve', '--dir', '.', '--prot', '1'],
      /--prot is not an option of serve; did you mean --port\? there are --dir, /,
    ],
    [['serve', 'folder'], /"folder" is not an option/],
    [['srve'], /there is no command "srve"; did you mean serve\? there are /],
    [['serve', '--dir', '.', '--port', '-1'], /--port takes a number from 0 to 65535, not "-1"/],
    [['serve', '--dir', '.', '--port=-1'], /--port takes a number from 0 to 65535, not "-1"/],
    [['serve', '--dir', '.', '--port', '1e3'], /--port takes a number from 0 to 65535, not "1e3"/],
    [['serve', '--dir='], /--dir takes a value: --dir DIR/],
    [['serve', '--dir', '--hidden'], /--dir takes a value: --dir DIR/],
    [['serve', '--dir', '.', '--hidden=yes'], /--hidden takes no value/],
    [['serve', '-d', '.'], /-d is not an option of serve; there are --dir/],
    [['serve', '--dir', '.', '--', 'x'], /"x" is not an option of serve/],
    [['serve', '--dir', '.', '--config', '.'], /--config \.: this is a folder, and a file is needed/],
    [['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9/a?b'], /--endpoint takes an address such as/],
    [
      ['serve', '--s3', 'bucket', '--endpoint', 'http://me:secret@127.0.0.1:9'],
      /takes an address such as .*, not "http:\/\/…@127\.0\.0\.1:9"/,
    ],
    [
      ['serve', '--s3', 'bucket', '--endpoint', 'http://127.0.0.1:9/storage/v1/s3'],
      /can't be read: (?:nothing listens|there are no cred|no region)/,
    ],
    [['dev', '--s3', 'bucket', '--port', '0', '--endpoint', 'nope'], /--endpoint takes an address/],
    [['keygen', 'x'], /"x" is not an option of keygen; there are --key-id/],
    [['purge', '--url', 'http://127.0.0.1:9'], /purge needs a key/],
    [['purge', 'a'], /purge needs --url, the address of the gateway/],
    [['config', 'chek'], /config takes "check"/],
    [['sign'], /sign needs an address/],
    [['serve', '--dir', '.', '--host', '203.0.113.9', '--port', '0'], /this machine does not have that address/],
    [['serve', '--dir', '.', '--config', 'none.json'], /--config none\.json: there is no such file/],
    [['serve', '--dir', '.', '--config', 'file.txt'], /--config file\.txt: .*JSON/],
    [['dev', '--dir', 'none'], /--dir none: there is no such folder/],
    [['dev', '--config', 'none.toml'], /--config none\.toml: there is no such file/],
  ];
  test.for(cases)('%o', async ([args, message]) => {
    const { code, err, out } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^rangeway: .*\n$/);
  });

  test('settings with a field that does not exist', async () => {
    await writeFile(join(folder, 'wrong.json'), '{ "cacheControll": "x" }');
    const { code, err } = await run('serve', '--dir', '.', '--config', 'wrong.json');
    expect([code, err]).toEqual([2, expect.stringContaining('cacheControll: no such field; there are cacheControl')]);
    await writeFile(join(folder, 'wrong.json'), '{ "log": "not a setting" }');
    expect((await run('serve', '--dir', '.', '--config', 'wrong.json')).err).toContain('log: no such field');
    await writeFile(join(folder, 'wrong.json'), '[]');
    expect((await run('serve', '--dir', '.', '--config', 'wrong.json')).err).toContain('they take a table of fields');
  });

  test.for(['serve', 'dev'])('a port that is taken, for %s', async (command) => {
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
  test('lets a running download finish after SIGTERM, and takes no new one', async () => {
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

  test('applies settings, and logs a line a request', async () => {
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
    await expect.poll(() => output.out).toMatch(/^\{"time":.*"key":"file\.txt".*"outcome":"complete"\}\n$/);
    child.kill('SIGINT');
    await once(child, 'exit');
  });
});

test('dev fills a bucket, serves it from workerd, and leaves nothing behind', async () => {
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

  test.for(['serve', 'dev'])('%s has none of them, unless it is told to', async (command) => {
    const source = await mkdtemp(join(folder, 'hidden-'));
    for (const name of ['.git', '.well-known']) await mkdir(join(source, name));
    for (const name of ['a', '.env', '.git/config', '.well-known/b']) await writeFile(join(source, name), name);
    const args = [command, '--dir', source, '--port', '0'];
    if (command === 'dev') args.push('--persist', join(source, '.kept'));
    const all = await startServer(...args, '--hidden');
    expect(await statuses(all.url)).toEqual([200, 200, 200, 200, 200]);
    all.child.kill('SIGTERM');
    await once(all.child, 'exit');
    // What a bucket had before is not served either.
    const plain = await startServer(...args);
    expect(await statuses(plain.url)).toEqual([200, 404, 404, 404, 200]);
    plain.child.kill('SIGTERM');
    await once(plain.child, 'exit');
  });
});

test('dev refuses a wrangler.toml with wrong settings', async () => {
  const config = join(folder, 'wrong.toml');
  const main = fileURLToPath(new URL('../../src/platform/workers/worker.ts', import.meta.url));
  await writeFile(
    config,
    `name = "x"\nmain = "${main}"\ncompatibility_date = "2026-08-06"\n[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "xyz"\n[vars.RANGEWAY]\nindexx = "a"\n`,
  );
  const { code, err } = await run('dev', '--dir', '.', '--port', '0', '--config', config);
  expect(err).toContain('indexx: no such field; there are cacheControl');
  expect(code).toBe(2);
});
