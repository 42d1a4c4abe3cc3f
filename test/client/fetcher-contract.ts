import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fetcher, FetchResponse } from '../../src/client/fetcher.ts';
import { print, startRawServer, type RawServer } from '../cli/get/servers.ts';

/** Reads a body to its end. */
export async function readAll({ body }: FetchResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('latin1');
}

const PATHS: Readonly<Record<string, string>> = {
  '/plain': print(206, { ETag: '"a"', 'Content-Range': 'bytes 0-3/9' }, 'text'),
  '/head': 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n',
  '/none': print(404, {}, 'nothing'),
  '/busy': print(503, { 'Retry-After': '3' }),
  '/chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nte\r\n2\r\nxt\r\n0\r\n\r\n',
  '/redirect': print(302, { Location: '/plain' }),
  '/loop': print(302, { Location: '/loop' }),
  '/short': print(200, { 'Content-Length': '10' }, 'text'),
  '/cut-chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nte',
};

/** The contract of a fetcher. */
export function fetcherContract(name: string, fetcher: Fetcher): void {
  describe(`${name} is a fetcher`, () => {
    let server: RawServer;
    const contents: string[] = [];
    beforeAll(async () => {
      server = await startRawServer((socket, head, content) => {
        const path = head.split(' ')[1] ?? '';
        const answer = PATHS[path];
        if (path === '/coded' || path === '/cut-coded') {
          const body = gzipSync('text '.repeat(1_000));
          const sent = path === '/coded' ? body : body.subarray(0, body.length - 9);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
          return void (path === '/coded' ? socket.write(sent) : socket.end(sent));
        }
        if (path.startsWith('/take')) {
          contents.push(content);
          return void socket.end(print(path === '/take' ? 200 : 302, { Location: '/plain' }));
        }
        if (path === '/reset') return void socket.resetAndDestroy();
        if (path === '/silent') return;
        if (answer === undefined) throw new Error(`no path ${path}`);
        if (path === '/short' || path === '/cut-chunk') socket.end(answer);
        else socket.write(answer);
      });
    });
    afterAll(() => server.close());

    const fetch = (
      path: string,
      fields: Readonly<Record<string, string>> = {},
      signal = new AbortController().signal,
    ) => fetcher({ url: `${server.url}${path}`, fields, signal });

    test('returns status, fields and body, of an error too', async () => {
      const response = await fetch('/plain', { range: 'bytes=0-3', 'if-match': '"a"' });
      expect([response.status, response.fields.get('Content-Range'), response.fields.get('etag')]).toEqual([
        206,
        'bytes 0-3/9',
        '"a"',
      ]);
      expect([response.url, response.fields.get('x-none'), response.isUnframed]).toEqual([
        `${server.url}/plain`,
        null,
        false,
      ]);
      expect(await readAll(response)).toBe('text');
      expect(server.requests.at(-1)).toMatch(/^range: bytes=0-3\r\n/im);
      const missing = await fetch('/none');
      expect([missing.status, await readAll(missing)]).toEqual([404, 'nothing']);
      const busy = await fetch('/busy');
      expect([busy.status, busy.fields.get('retry-after')]).toEqual([503, '3']);
      await busy.body.cancel();
    });

    test('follows redirects, and tells where they lead', async () => {
      const response = await fetch('/redirect');
      expect([response.status, response.url, await readAll(response)]).toEqual([206, `${server.url}/plain`, 'text']);
      await expect(fetch('/loop')).rejects.toThrow();
    });

    test('sends HEAD, whose response has no body', async () => {
      const { signal } = new AbortController();
      const response = await fetcher({ method: 'HEAD', url: `${server.url}/head`, fields: {}, signal });
      expect([response.status, response.fields.get('content-length'), response.isUnframed]).toEqual([200, '4', false]);
      expect(await readAll(response)).toBe('');
      expect(server.requests.at(-1)).toMatch(/^HEAD \/head /);
    });

    test('sends a content, and follows no redirect of it', async () => {
      const { signal } = new AbortController();
      const post = (path: string) =>
        fetcher({
          method: 'POST',
          url: `${server.url}${path}`,
          fields: { 'content-type': 'a/b' },
          content: 'four',
          signal,
        });
      expect((await post('/take')).status).toBe(200);
      expect(server.requests.at(-1)).toMatch(/^POST \/take [^]*content-length: 4(?:\r\n|$)/i);
      expect(contents).toEqual(['four']);
      const count = server.requests.length;
      // The web's fetch hides the status of a redirect that it does not follow.
      expect([0, 302]).toContain((await post('/take-redirect')).status);
      expect(server.requests.length).toBe(count + 1);
    });

    test('reads chunked bodies', async () => {
      expect(await readAll(await fetch('/chunked'))).toBe('text');
    });

    test('undoes a content coding', async () => {
      const response = await fetch('/coded');
      expect([response.fields.get('content-encoding'), await readAll(response)]).toEqual([
        'gzip',
        'text '.repeat(1_000),
      ]);
    });

    test.for(['/short', '/cut-chunk', '/cut-coded'])('a body that breaks off rejects: %s', async (path) => {
      await expect(fetch(path).then(readAll)).rejects.toThrow();
    });

    test('a connection that is reset rejects', async () => {
      await expect(fetch('/reset')).rejects.toThrow();
    });

    test('a signal ends a request', async () => {
      const abort = new AbortController();
      const answer = fetch('/silent', {}, abort.signal);
      abort.abort(new Error('enough'));
      await expect(answer).rejects.toThrow('enough');
    });

    test('a cancelled body is at its end', async () => {
      const response = await fetch('/plain');
      await response.body.cancel();
      expect(await response.body.read().catch(() => undefined)).toBeUndefined();
    });
  });
}
