import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createComposed } from '../../examples/worker-own-hono-app/src/composed.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { streamHandle, type StreamedHandler } from '../../src/platform/lambda/index.ts';
import { createGateway, fsStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { s3Storage } from '../../src/platform/s3/s3-storage.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';
import { ROOT, WORKERD_ENTRIES } from './entries.ts';

const EXAMPLES = join(ROOT, 'examples/worker-own-hono-app/src');

let folder: string;
let file: string;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-examples-'));
  file = join(folder, 'bucket/a b.txt');
  await mkdir(join(folder, 'bucket'));
  await writeFile(file, '0123456789');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const stop of stops) await stop();
  await rm(folder, { recursive: true });
});

/** The package by its own name. */
const ALIAS = Object.entries(WORKERD_ENTRIES).reduce(
  (text, [name, path]) => `${text}${JSON.stringify(name)} = ${JSON.stringify(join(ROOT, path))}\n`,
  '[alias]\n',
);

/** Runs a Worker over a bucket that has the file. */
async function startWorker(main: string): Promise<string> {
  const config = join(await mkdtemp(join(folder, 'worker-')), 'wrangler.toml');
  await writeFile(
    config,
    `name = "own"\nmain = ${JSON.stringify(main)}\ncompatibility_date = "2026-08-06"\n[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "own"\n${ALIAS}`,
  );
  const { url, bucket, stop } = await startWorkerd({ config, host: '127.0.0.1', port: 0 });
  stops.push(stop);
  await bucket.put('a b.txt', { path: file, size: 10, mark: 'file' });
  return url;
}

/** Serves the part of the S3 API that reads use, over the folder, and sets the variables with its address. */
async function startStorage(): Promise<{ readonly bucket: string; readonly endpoint: string }> {
  const { url: endpoint, stop } = await serve(
    createGateway({ store: fsStore(folder), observers: [{ end: () => undefined }] }),
    { port: 0 },
  );
  stops.push(() => stop(1_000));
  const variables = { BUCKET: 'bucket', ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return { bucket: 'bucket', endpoint };
}

async function startFunction(handler: StreamedHandler): Promise<string> {
  const { url, stop } = await serveFunction({ mode: 'stream', handler }, { port: 0 });
  stops.push(() => stop(1_000));
  return url;
}

/** Starts an example, and returns its address. */
type Start = () => Promise<string>;

const MOUNTED: Readonly<Record<string, Start>> = {
  async node() {
    vi.stubEnv('FOLDER', join(folder, 'bucket'));
    vi.stubEnv('PORT', '0');
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('../../examples/worker-own-hono-app/src/node.ts');
    const [address] = log.mock.calls[0] ?? [];
    log.mockRestore();
    return String(address);
  },
  workers: () => startWorker(join(EXAMPLES, 'worker.ts')),
  async lambda() {
    await startStorage();
    const { handler } = await import('../../examples/worker-own-hono-app/src/lambda.ts');
    return startFunction(handler);
  },
};

const COMPOSED: Readonly<Record<string, Start>> = {
  async node() {
    const { url, stop } = await serve(createComposed({ store: fsStore(join(folder, 'bucket')) }), { port: 0 });
    stops.push(() => stop(1_000));
    return url;
  },
  async workers() {
    const main = join(folder, 'composed-worker.ts');
    const from = (path: string) => `from ${JSON.stringify(join(ROOT, path))};`;
    await writeFile(
      main,
      `import { env } from 'cloudflare:workers';
import { createComposed } ${from('examples/worker-own-hono-app/src/composed.ts')}
import { r2Store } ${from('src/index.ts')}
import { nativeBodyPipe } ${from('src/platform/workers/index.ts')}
export default createComposed({ store: r2Store(env.BUCKET) }, nativeBodyPipe);
`,
    );
    return startWorker(main);
  },
  async lambda() {
    const { bucket, endpoint } = await startStorage();
    const store = s3Storage({ bucket, access: { endpoint, pathStyle: true } });
    return startFunction(streamHandle(createComposed({ store })));
  },
};

describe.each(Object.entries(MOUNTED))('an app that mounts a gateway on %s', (_, start) => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  test('has the gateway below /files, behind its middleware', async () => {
    const response = await fetch(new URL('/files/a%20b.txt', url), { headers: { Range: 'bytes=-3' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 7-9/10']);
    expect(response.headers.get('x-served-by')).toBe('my app');
    expect(await response.text()).toBe('789');
    const { status, headers } = await fetch(new URL('/files/none', url));
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  test('has a route beside the gateway', async () => {
    const response = await fetch(new URL('/about', url));
    expect([await response.json(), response.headers.get('x-served-by')]).toEqual([{ files: '/files/' }, 'my app']);
    expect((await fetch(new URL('/a%20b.txt', url))).status).toBe(404);
  });
});

describe.each(Object.entries(COMPOSED))('an app that composes the parts on %s', (_, start) => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  test("answers like a gateway, with the app's own fields", async () => {
    const init = { headers: { Range: 'bytes=-3', 'X-Request-Id': 'request-1', Origin: 'https://example.com' } };
    const response = await fetch(new URL('/files/a%20b.txt', url), init);
    expect([response.status, await response.text()]).toEqual([206, '789']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-range': 'bytes 7-9/10',
      'x-request-id': 'request-1',
      'access-control-allow-origin': '*',
      'x-served-by': 'my app',
      'server-timing': 'reads;desc="1"',
    });
  });

  test('answers errors, other methods and preflights with them too', async () => {
    const statusOf = async (method: string, path: string) => {
      const { status, headers } = await fetch(new URL(path, url), { method });
      return [status, headers.get('x-served-by'), headers.has('x-request-id')];
    };
    expect(await statusOf('GET', '/files/none')).toEqual([404, 'my app', true]);
    expect(await statusOf('POST', '/files/a%20b.txt')).toEqual([405, 'my app', true]);
    expect(await statusOf('OPTIONS', '/files/a%20b.txt')).toEqual([204, 'my app', true]);
  });

  test("evaluates the mount's rule before a handler of its own", async () => {
    const response = await fetch(new URL('/info/a%20b.txt', url), { headers: { Origin: 'https://example.com' } });
    expect(await response.json()).toEqual({ key: 'a b.txt', isPrivate: false });
    expect([response.headers.get('access-control-allow-origin'), response.headers.has('x-request-id')]).toEqual([
      '*',
      true,
    ]);
  });

  test('reports the bytes that clients were sent to its observer', async () => {
    const counted = async () => Object(await (await fetch(new URL('/counts', url))).json())['a b.txt'];
    const before = Number((await counted()) ?? 0);
    await (await fetch(new URL('/files/a%20b.txt', url), { headers: { Range: 'bytes=2-5' } })).text();
    await vi.waitFor(async () => expect(await counted()).toBe(before + 4));
  });
});

test('the pages show the files unchanged', async () => {
  const pages = await Promise.all(
    ['composing', 'parts'].map((name) => readFile(join(ROOT, `docs/${name}.md`), 'utf8')),
  );
  for (const name of await readdir(EXAMPLES)) {
    const text = await readFile(join(EXAMPLES, name), 'utf8');
    expect(pages.join('\n')).toContain(`\`\`\`ts\n// ${name}\n${text}\`\`\`\n`);
  }
});
