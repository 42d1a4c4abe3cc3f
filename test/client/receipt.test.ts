import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDownload, type ClientDownloadOptions } from '../../src/client/download.ts';
import { isDownloadError } from '../../src/client/download-error.ts';
import { webFetcher } from '../../src/client/fetcher.ts';
import { fileTarget } from '../../src/client/sinks/node-file.ts';
import { nodeFetcher } from '../../src/platform/node/node-fetcher.ts';
import { print, printRange, startRawServer, type RawServer } from '../cli/get/servers.ts';

const TEXT = 'some text that is counted '.repeat(100);
const SHA256 = createHash('sha256').update(TEXT).digest('base64');
const TRANSFER = 'rel="related"; type="application/vnd.rangeway.transfer+json"';

let folder: string;
const servers: RawServer[] = [];
const fetcher = nodeFetcher({ timeout: 5_000 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-receipt-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  fetcher.destroy();
  await rm(folder, { recursive: true });
});

interface Counting {
  readonly url: string;
  /** The contents of all receipts, and the heads of their requests. */
  readonly receipts: unknown[];
  readonly heads: string[];
}

/** Starts a server that announces where receipts go. It sends 300 bytes of each of the first responses, and waits. */
async function startCounting(fields: Readonly<Record<string, string>>, halting = 0, onPost?: () => string | undefined) {
  const counting = { url: '', receipts: [] as unknown[], heads: [] as string[] } satisfies Counting;
  let left = halting;
  const server = await startRawServer((socket, head, content) => {
    if (!head.startsWith('POST')) {
      const response = printRange(head, TEXT, { ETag: '"a"', ...fields });
      return void socket.write(left-- > 0 ? response.slice(0, response.indexOf('\r\n\r\n') + 304) : response);
    }
    counting.receipts.push(JSON.parse(content));
    counting.heads.push(head);
    const answer = onPost === undefined ? print(200, {}, '{}') : onPost();
    if (answer !== undefined) socket.end(answer);
  });
  servers.push(server);
  return Object.assign(counting, { url: server.url });
}

let count = 0;
const begin = (url: string, options: Partial<ClientDownloadOptions> = {}) => {
  const path = join(folder, `${count++}.bin`);
  const running = startDownload(url, { ...fileTarget(path), fetcher, firstPause: 10, ...options });
  return { running, path };
};

async function written(running: { readonly progress: { readonly written: number } }, bytes: number): Promise<void> {
  while (running.progress.written < bytes) await new Promise((resolve) => void setTimeout(resolve, 10));
}

describe.for([
  ["Node's sockets", fetcher],
  ['the global fetch', webFetcher()],
] as const)('a server that counts downloads, over %s,', ([, through]) => {
  test('gets one receipt at a pause, and one at the end', async () => {
    const server = await startCounting({ Link: `</f?id=7&transfer>; ${TRANSFER}` }, 1);
    const fields = { authorization: 'Basic YTpi' };
    const { running, path } = begin(`${server.url}/f?id=7`, { fetcher: through, fields });
    await written(running, 300);
    await running.pause();
    expect(server.receipts).toEqual([{ etag: '"a"', intervals: [[0, 300]] }]);
    running.resume();
    await running.done;
    expect(server.receipts.slice(1)).toEqual([{ etag: '"a"', intervals: [[0, TEXT.length]] }]);
    expect(server.heads).toEqual([
      expect.stringMatching(/^POST \/f\?id=7&transfer HTTP/),
      expect.stringMatching(/^authorization: Basic YTpi\r?$/im),
    ]);
    expect(await readFile(path, 'utf8')).toBe(TEXT);
  });

  test('gets the digest that was computed', async () => {
    const fields = { Link: `<?transfer>; ${TRANSFER}`, 'Repr-Digest': `sha-256=:${SHA256}:` };
    const server = await startCounting(fields);
    await begin(`${server.url}/f`, { fetcher: through }).running.done;
    expect(server.receipts).toEqual([{ etag: '"a"', intervals: [[0, TEXT.length]], digest: `sha-256=:${SHA256}:` }]);
  });

  test('that refuses, breaks off or redirects a receipt fails no download', async () => {
    for (const answer of [
      print(500, {}),
      'HTTP/1.1 200\r\n',
      print(307, { Location: '/elsewhere' }),
      'nonsense\r\n\r\n',
    ]) {
      const server = await startCounting({ Link: `<?transfer>; ${TRANSFER}` }, 0, () => answer);
      const { running, path } = begin(`${server.url}/f`, { fetcher: through });
      await running.done;
      expect([server.receipts.length, await readFile(path, 'utf8')]).toEqual([1, TEXT]);
    }
  });
});

test('a receipt that is not answered holds the end up for seconds, and no longer', { timeout: 20_000 }, async () => {
  const server = await startCounting({ Link: `<?transfer>; ${TRANSFER}` }, 0, () => undefined);
  const start = performance.now();
  await begin(`${server.url}/f`).running.done;
  expect(server.receipts).toHaveLength(1);
  expect(performance.now() - start).toBeLessThan(15_000);
});

test('an abort is a pause: what is on disk is told', async () => {
  const server = await startCounting({ Link: `<?transfer>; ${TRANSFER}` }, 1);
  const abort = new AbortController();
  const { running } = begin(`${server.url}/f`, { signal: abort.signal });
  await written(running, 300);
  abort.abort();
  const error: unknown = await running.done.catch((one: unknown) => one);
  expect(isDownloadError(error) && error.failure.code).toBe('aborted');
  expect(server.receipts).toEqual([{ etag: '"a"', intervals: [[0, 300]] }]);
});

test('no receipt goes to another origin, nor without an announcement, nor without a strong tag', async () => {
  const other = await startCounting({});
  for (const fields of [
    { Link: `<${other.url}/f?transfer>; ${TRANSFER}` },
    { Link: '<?transfer>; rel="related"; type="text/html"' },
    { Link: `<?transfer>; ${TRANSFER}`, ETag: 'W/"a"' },
    { Link: `<?transfer>; ${TRANSFER}`, ETag: '' },
  ]) {
    const server = await startCounting(fields);
    await begin(`${server.url}/f`).running.done;
    expect([server.receipts, other.receipts]).toEqual([[], []]);
  }
});

describe('after a redirect to another origin', () => {
  /** A server that redirects reads to a storage, and answers HEAD itself. */
  async function startRedirecting(fields: Readonly<Record<string, string>>, headFields = fields) {
    const storage = await startCounting({});
    const posts: string[] = [];
    const server = await startRawServer((socket, head, content) => {
      if (head.startsWith('POST')) {
        posts.push(content);
        return void socket.write(print(200, {}, '{}'));
      }
      if (!head.startsWith('HEAD')) return void socket.write(print(302, { Location: `${storage.url}/signed` }));
      const lines = Object.entries({ ETag: '"a"', ...headFields }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\n${lines.join('')}\r\n`);
    });
    servers.push(server);
    const methods = () => server.requests.map((head) => head.split(' ')[0]);
    return { url: server.url, posts, methods };
  }

  test('the first address is asked once for what the storage does not know', async () => {
    const fields = { Link: `</f?transfer>; ${TRANSFER}`, 'Repr-Digest': `sha-256=:${SHA256}:` };
    const { url, posts, methods } = await startRedirecting(fields);
    const result = await begin(`${url}/f`).running.done;
    expect(result.verification).toMatchObject({ type: 'digest', algorithm: 'sha-256' });
    expect(posts).toEqual([
      JSON.stringify({ etag: '"a"', intervals: [[0, TEXT.length]], digest: `sha-256=:${SHA256}:` }),
    ]);
    expect(methods()).toEqual(['GET', 'HEAD', 'POST']);
  });

  test('a digest of another version is not used', async () => {
    const { url } = await startRedirecting({ ETag: '"b"', 'Repr-Digest': `sha-256=:${SHA256.toLowerCase()}:` });
    expect((await begin(`${url}/f`).running.done).verification).toMatchObject({ type: 'none' });
  });

  test('a wrong digest of this version is a failure', async () => {
    const wrong = createHash('sha256').update('x').digest('base64');
    const { url } = await startRedirecting({ 'Repr-Digest': `sha-256=:${wrong}:` });
    const error: unknown = await begin(`${url}/f`).running.done.catch((one: unknown) => one);
    expect(isDownloadError(error) && error.failure.code).toBe('digest-mismatch');
  });
});
