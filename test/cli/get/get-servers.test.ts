import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../commands.ts';
import { print, printRange, startRawServer } from './servers.ts';
import { getIn, openWorkspace, TAG, TEXT, type Workspace } from './workspace.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await openWorkspace();
});
afterAll(() => workspace.close());

const freshFolder = () => workspace.freshFolder();
const serveRaw = (answer: Parameters<typeof startRawServer>[0]) => workspace.serveRaw(answer);

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
