import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createGateway, fsStore, serve } from '../../src/platform/node.ts';
import { serveFunction } from '../../src/platform/function-url.ts';
import { startWorkerd } from '../../src/platform/workerd.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');

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

/** Starts an example, and gives the address that it is served at. */
const PLATFORMS: Readonly<Record<string, () => Promise<string>>> = {
  async node() {
    vi.stubEnv('FOLDER', join(folder, 'bucket'));
    vi.stubEnv('PORT', '0');
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('../../examples/node.ts');
    const [address] = said.mock.calls[0] ?? [];
    said.mockRestore();
    return String(address);
  },
  async workers() {
    const config = join(folder, 'wrangler.toml');
    const main = JSON.stringify(join(EXAMPLES, 'worker.ts'));
    await writeFile(
      config,
      `name = "own"\nmain = ${main}\ncompatibility_date = "2026-08-06"\n[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "own"\n`,
    );
    const { url, bucket, stop } = await startWorkerd({ config, host: '127.0.0.1', port: 0 });
    stops.push(stop);
    await bucket.put('a b.txt', { path: file, size: 10, mark: 'file' });
    return url;
  },
  async lambda() {
    // As much of S3 as a read needs, over a folder.
    const storage = await serve(createGateway({ store: fsStore(folder), observers: [{ end: () => undefined }] }), {
      port: 0,
    });
    const variables = {
      BUCKET: 'bucket',
      ENDPOINT: storage.url,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const { handler } = await import('../../examples/lambda.ts');
    const { url, stop } = await serveFunction({ mode: 'stream', handler }, { port: 0 });
    stops.push(() => stop(1_000));
    stops.push(() => storage.stop(1_000));
    return url;
  },
};

describe.each(Object.keys(PLATFORMS))("an app of one's own on %s", (platform) => {
  let url: string;
  beforeAll(async () => {
    url = (await PLATFORMS[platform]?.()) ?? '';
  });

  test('has the gateway below /files, with its middleware around it', async () => {
    const response = await fetch(new URL('/files/a%20b.txt', url), { headers: { Range: 'bytes=-3' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 7-9/10']);
    expect(response.headers.get('x-served-by')).toBe('my app');
    expect(await response.text()).toBe('789');
    const { status, headers } = await fetch(new URL('/files/none', url));
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  test('and a route beside it', async () => {
    const response = await fetch(new URL('/about', url));
    expect([await response.json(), response.headers.get('x-served-by')]).toEqual([{ files: '/files/' }, 'my app']);
    expect((await fetch(new URL('/a%20b.txt', url))).status).toBe(404);
  });
});

test('the documentation shows the files as they are', async () => {
  const page = await readFile(join(ROOT, 'docs/composing.md'), 'utf8');
  for (const name of await readdir(EXAMPLES)) {
    const text = await readFile(join(EXAMPLES, name), 'utf8');
    expect(page).toContain(`\`\`\`ts\n// ${name}\n${text}\`\`\`\n`);
  }
});
