import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawBytes, random } from '../../faults/random.ts';
import { killAll, MAIN, run, start, startServer, type Running } from '../commands.ts';
import { print, printRange, startRawServer, type RawServer } from './servers.ts';

const BYTES = drawBytes(random(24), 900_000);
const DIGEST = createHash('sha256').update(BYTES).digest('hex');
const TEXT = 'the content of a file'.repeat(50);
const TAG = { ETag: '"a"' };

let folder: string;
let gateway: Running & { readonly url: string };
const servers: RawServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-get-'));
  await mkdir(join(folder, 'served'));
  await Promise.all([
    writeFile(join(folder, 'served/a b.bin'), BYTES),
    writeFile(join(folder, 'served/empty.txt'), ''),
    writeFile(join(folder, 'served/small.txt'), TEXT),
  ]);
  gateway = await startServer(['serve', '--dir', 'served', '--port', '0'], { cwd: folder });
});
afterAll(async () => {
  killAll();
  await Promise.all(servers.map((one) => one.close()));
  await rm(folder, { recursive: true });
});

const freshFolder = () => mkdtemp(join(folder, 'case-'));

async function serveRaw(answer: Parameters<typeof startRawServer>[0]): Promise<RawServer> {
  const server = await startRawServer(answer);
  servers.push(server);
  return server;
}

/** Runs `get` in a folder, and reads which files are there then. */
async function getIn(cwd: string, ...args: readonly string[]) {
  const { code, out, err } = await run(['get', ...args], { cwd });
  return { code, out, err, files: (await readdir(cwd)).toSorted() };
}

describe('from the gateway', () => {
  test('a file has its name and all its bytes, and nothing else is left', async () => {
    const cwd = await freshFolder();
    const { code, err, files } = await getIn(cwd, `${gateway.url}/a%20b.bin`, `${gateway.url}/empty.txt`);
    expect([code, files]).toEqual([0, ['a b.bin', 'empty.txt']]);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
    expect(err).toContain('878.9 KiB in');
    expect(err).toContain('not verified: ');
  });

  test('a file goes to stdout, and is verified at its end', async () => {
    const digest = createHash('sha256').update(TEXT).digest('hex');
    const args = [`${gateway.url}/small.txt`, '-o', '-', '--checksum', `sha-256=${digest}`] as const;
    const { code, out, err, files } = await getIn(await freshFolder(), ...args);
    expect([code, out, files]).toEqual([0, TEXT, []]);
    expect(err).toContain('sha-256 verified');
  });

  test('events are lines of JSON', async () => {
    const { out, err } = await getIn(await freshFolder(), `${gateway.url}/small.txt`, '--json', '-o', 'x.txt');
    const events = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events.at(0)).toMatchObject({ type: 'name', url: `${gateway.url}/small.txt` });
    expect(events.at(-1)).toMatchObject({ type: 'done', size: TEXT.length, verification: { type: 'none' } });
    expect(err).toBe('');
  });

  test('a digest that is right is told, and a wrong one leaves no file', async () => {
    const cwd = await freshFolder();
    const url = `${gateway.url}/a%20b.bin`;
    const wrong = await getIn(cwd, url, '--checksum', `sha-256=${'0'.repeat(64)}`);
    expect([wrong.code, wrong.files]).toEqual([4, ['a b.bin.part']]);
    expect(wrong.err).toContain(`got ${DIGEST}`);
    const right = await getIn(cwd, url, '--checksum', `sha-256=${DIGEST}`);
    expect([right.code, right.files]).toEqual([0, ['a b.bin']]);
  });

  test('a file that exists is not touched', async () => {
    const cwd = await freshFolder();
    await writeFile(join(cwd, 'small.txt'), 'mine');
    const { code, err } = await getIn(cwd, `${gateway.url}/small.txt`);
    expect([code, await readFile(join(cwd, 'small.txt'), 'utf8')]).toEqual([2, 'mine']);
    expect(err).toContain('--force replaces it');
    expect((await getIn(cwd, `${gateway.url}/small.txt`, '--force')).code).toBe(0);
    expect(await readFile(join(cwd, 'small.txt'), 'utf8')).toBe(TEXT);
  });

  test('a missing file is an error, of which nothing is left', async () => {
    const { code, err, files } = await getIn(await freshFolder(), `${gateway.url}/none`, `${gateway.url}/small.txt`);
    expect([code, files]).toEqual([5, ['small.txt']]);
    expect(err).toContain('the server answered 404');
  });

  test('an interrupted download says how to continue, and continues', async () => {
    const cwd = await freshFolder();
    const args = ['get', `${gateway.url}/a%20b.bin`, '--limit-rate', '300KiB'];
    const { child, output } = start(args, { cwd });
    const closed = new Promise<number | null>((resolve) => void child.once('close', resolve));
    while (!(await readdir(cwd)).includes('a b.bin.rangeway'))
      await new Promise((resolve) => void setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect(output.err).toContain(`the same command continues: rangeway ${args.join(' ')}`);
    expect((await getIn(cwd, `${gateway.url}/a%20b.bin`)).code).toBe(0);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
  });

  test('a full disk keeps the part, and it is continued later', async () => {
    const cwd = await freshFolder();
    // The shell limits the size of files, in blocks of 1,024 bytes.
    const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) => {
      const command = `ulimit -f 200; exec "${process.execPath}" "${MAIN}" get "${gateway.url}/a%20b.bin"`;
      execFile('bash', ['-c', command], { cwd }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, err: stderr }),
      );
    });
    expect([code, await readdir(cwd)]).toEqual([6, expect.not.arrayContaining(['a b.bin'])]);
    expect(err).toContain("it can't be written");
    expect((await getIn(cwd, `${gateway.url}/a%20b.bin`)).code).toBe(0);
    expect(Buffer.compare(await readFile(join(cwd, 'a b.bin')), BYTES)).toBe(0);
  });
});

describe('a journal', () => {
  /** A download that stops after 300 bytes, and one that goes on. */
  async function begun(fields: Readonly<Record<string, string>> = TAG) {
    let isBroken = true;
    let current = fields;
    const server = await serveRaw((socket, head) => {
      if (!isBroken) return void socket.write(printRange(head, TEXT, current));
      socket.end(printRange(head, TEXT, current).slice(0, 300));
    });
    const cwd = await freshFolder();
    const broken = await getIn(cwd, `${server.url}/f.txt?sign=1`, '--retry', '1', '-o', 'f.txt');
    expect([broken.code, broken.files]).toEqual([5, ['f.txt.part', 'f.txt.rangeway']]);
    isBroken = false;
    const change = (next: Readonly<Record<string, string>>) => (current = next);
    return { cwd, url: server.url, change, requests: server.requests };
  }

  test('goes on with another query, and does not hold the query', async () => {
    const { cwd, url, requests } = await begun();
    expect(await readFile(join(cwd, 'f.txt.rangeway'), 'utf8')).not.toContain('sign');
    expect((await getIn(cwd, `${url}/f.txt?sign=2`, '-o', 'f.txt')).code).toBe(0);
    expect(await readFile(join(cwd, 'f.txt'), 'utf8')).toBe(TEXT);
    expect(requests.at(-1)).toMatch(/^range: bytes=[1-9]/m);
    expect(requests.at(-1)).toMatch(/^if-match: "a"\r?$/m);
    expect(requests.at(-1)).toMatch(/^if-range: "a"\r?$/m);
  });

  test('is not written over by another version behind another query', async () => {
    const { cwd, url, change } = await begun();
    change({ ETag: '"b"' });
    const { code, files, err } = await getIn(cwd, `${url}/f.txt?sign=2`, '-o', 'f.txt');
    expect([code, files]).toEqual([2, ['f.txt.part', 'f.txt.rangeway']]);
    expect(err).toContain('another query');
  });

  test('begins again if the file changed, or fails if that is wanted', async () => {
    const { cwd, url, change } = await begun();
    change({ ETag: '"b"' });
    const args = [`${url}/f.txt?sign=1`, '-o', 'f.txt'] as const;
    expect(await getIn(cwd, ...args, '--on-change', 'fail')).toMatchObject({
      code: 3,
      files: ['f.txt.part', 'f.txt.rangeway'],
    });
    expect((await getIn(cwd, ...args)).code).toBe(0);
    expect(await readFile(join(cwd, 'f.txt'), 'utf8')).toBe(TEXT);
  });

  test('is not used without a strong validator', async () => {
    let isBroken = true;
    const server = await serveRaw((socket, head) => {
      const text = printRange(head, TEXT, { ETag: 'W/"a"' });
      if (isBroken) socket.end(text.slice(0, 300));
      else socket.write(text);
    });
    const cwd = await freshFolder();
    expect((await getIn(cwd, `${server.url}/f.txt`, '--retry', '1')).code).toBe(5);
    isBroken = false;
    expect((await getIn(cwd, `${server.url}/f.txt`)).code).toBe(0);
    expect(server.requests.at(-1)).toMatch(/^range: bytes=0-\r?$/m);
  });

  test.for([
    ['of another address', (text: string) => text, '/other.txt', 'its journal is of'],
    ['of a newer version', (text: string) => text.replace('journal 1', 'journal 2'), '/f.txt', 'newer version'],
    ['that is damaged', (text: string) => text.replace('size', 'Size'), '/f.txt', 'damaged'],
    ['that is none', () => 'hello', '/f.txt', 'no journal'],
    ['that is empty', () => '', '/f.txt', 'no journal'],
  ] as const)('%s is refused, and stays', async ([, change, path, message]) => {
    const { cwd, url } = await begun();
    const file = join(cwd, 'f.txt.rangeway');
    await writeFile(file, change(await readFile(file, 'utf8')));
    const { code, err, files } = await getIn(cwd, `${url}${path}`, '-o', 'f.txt');
    expect([code, files]).toEqual([2, ['f.txt.part', 'f.txt.rangeway']]);
    expect(err).toContain(message);
  });
});

describe('names', () => {
  test.for([
    ['attachment; filename="../../x.txt"', 'x.txt'],
    ['attachment; filename="CON"', '_CON'],
    ['attachment; filename="..\\\\..\\\\y.txt"', '_.._y.txt'],
    ['attachment; filename=".bashrc"', 'bashrc'],
    ['attachment; filename="/"', 'download'],
    [`attachment; filename="${'n'.repeat(300)}.txt"`, `${'n'.repeat(216)}.txt`],
    ["attachment; filename*=UTF-8''%e2%82%ac.txt", '€.txt'],
    ['inline', 'f.txt'],
  ] as const)('%s is saved as %s, in this folder', async ([disposition, name]) => {
    const server = await serveRaw(
      (socket, head) => void socket.write(printRange(head, 'x', { ...TAG, 'Content-Disposition': disposition })),
    );
    const cwd = join(await freshFolder(), 'a/b');
    await mkdir(cwd, { recursive: true });
    expect(await getIn(cwd, `${server.url}/f.txt`)).toMatchObject({ code: 0, files: [name] });
  });
});

describe('a bad server', () => {
  test.for([
    [
      'redirects without an end',
      (socket: { write(text: string): unknown }) => socket.write(print(302, { Location: '/again' })),
      'redirects',
    ],
    [
      'sends a head of 100 MB',
      (socket: { write(text: string): unknown }) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}`),
      '',
    ],
    ['speaks no HTTP', (socket: { write(text: string): unknown }) => socket.write('SSH-2.0-OpenSSH\r\n\r\n'), ''],
  ] as const)('that %s is an error', async ([, answer, message]) => {
    const server = await serveRaw((socket) => void answer(socket));
    const { code, err, files } = await getIn(await freshFolder(), `${server.url}/f`, '--retry', '1');
    expect([code, files]).toEqual([5, []]);
    expect(err).toContain(message);
  });

  test('that sends an endless body for a range gets no more than asked for, and leaves no file', async () => {
    const server = await serveRaw((socket) => {
      socket.write(
        `HTTP/1.1 206 OK\r\nETag: "a"\r\nContent-Range: bytes 0-99/100\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const more = () =>
        void (socket.destroyed || socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`, () => setImmediate(more)));
      more();
    });
    const { code, files } = await getIn(await freshFolder(), `${server.url}/f`, '--retry', '1');
    expect([code, files]).toEqual([5, expect.not.arrayContaining(['f'])]);
  });

  test('that can not be reached is an error', async () => {
    const server = await startRawServer(() => undefined);
    await server.close();
    const { code, err } = await getIn(await freshFolder(), `${server.url}/f`, '--retry', '1');
    expect([code, err]).toEqual([5, expect.stringContaining('ECONNREFUSED')]);
  });
});

test('an expired address is replaced by that of a command, and the download goes on', async () => {
  let requests = 0;
  const server = await serveRaw((socket, head) => {
    const isFresh = head.includes('/f.txt?fresh');
    requests++;
    if (requests === 1) return void socket.end(printRange(head, TEXT, TAG).slice(0, 300));
    socket.write(isFresh ? printRange(head, TEXT, TAG) : print(403, {}));
  });
  const cwd = await freshFolder();
  const { code } = await getIn(cwd, `${server.url}/f.txt`, '--refresh', `echo ${server.url}/f.txt?fresh`);
  expect([code, await readFile(join(cwd, 'f.txt'), 'utf8')]).toEqual([0, TEXT]);
  expect(server.requests.at(-1)).toMatch(/^range: bytes=[1-9]/m);
});

test('fields and a user are sent, and not to the target of a redirect elsewhere', async () => {
  const target = await serveRaw((socket, head) => void socket.write(printRange(head, TEXT, TAG)));
  const server = await serveRaw((socket) => void socket.write(print(307, { Location: `${target.url}/f` })));
  const args = [`${server.url}/f`, '--header', 'X-A: 1', '--header', 'X-B: 2', '--user', 'ann:SECRET'];
  const { code } = await run(['get', ...args], { cwd: await freshFolder(), env: { SECRET: 'word' } });
  expect(code).toBe(0);
  const [first = ''] = server.requests;
  expect(first.toLowerCase()).toContain(`authorization: basic ${btoa('ann:word')}`.toLowerCase());
  expect(target.requests.join('')).toMatch(/x-a: 1\r\n[^]*x-b: 2/i);
  expect(target.requests.join('')).not.toMatch(/authorization/i);
});

test('a proxy gets the requests, of --proxy and of the environment', async () => {
  const proxy = await serveRaw((socket, head) => void socket.write(printRange(head, TEXT, TAG)));
  const cwd = await freshFolder();
  expect((await getIn(cwd, 'http://files.invalid/a.txt', '--proxy', proxy.url)).code).toBe(0);
  const env = { HTTP_PROXY: proxy.url };
  expect((await run(['get', 'http://files.invalid/b.txt'], { cwd, env })).code).toBe(0);
  expect(proxy.requests.map((head) => head.split(' ')[1])).toEqual([
    'http://files.invalid/a.txt',
    'http://files.invalid/b.txt',
  ]);
});
