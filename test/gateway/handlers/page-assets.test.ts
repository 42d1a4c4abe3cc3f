import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Hono } from 'hono';
import { PAGE_SCRIPT, PAGE_SCRIPT_PATH } from '../../../src/gateway/page-script.ts';
import { createGateway, memoryStore } from '../../../src/index.ts';
import { bundlePage, printPageScript } from '../../../scripts/bundle-page.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const gateway = createGateway({ store: memoryStore(), listing: 'html', observers: [] });

test('the script of the gateway is that of src/page: else run `npm run page`', async () => {
  const written = readFileSync(join(import.meta.dirname, '../../../src/gateway/page-script.ts'), 'utf8');
  expect(written === (await printPageScript())).toBe(true);
  expect(PAGE_SCRIPT).toBe(await bundlePage());
  // Its length in characters is the Content-Length.
  expect(Buffer.byteLength(PAGE_SCRIPT)).toBe(PAGE_SCRIPT.length);
});

test('the script has at most 40 KiB of gzip', () => {
  expect(gzipSync(PAGE_SCRIPT, { level: 9 }).length).toBeLessThanOrEqual(40 * 1024);
});

test.for(['', '/files'])('the script is immutable, and open to all origins, below "%s"', async (path) => {
  const app = new Hono().route(path === '' ? '/' : path, gateway);
  const response = await app.request(`${path}/.rangeway/${PAGE_SCRIPT_PATH}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
  expect(response.headers.get('Cache-Control')).toContain('immutable');
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
  expect(response.headers.get('Content-Length')).toBe(String(PAGE_SCRIPT.length));
  expect(await response.text()).toBe(PAGE_SCRIPT);
  const head = await app.request(`${path}/.rangeway/${PAGE_SCRIPT_PATH}`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('an older name of the script, and other names, are 404', async () => {
  for (const name of ['assets/download-0000000000000000.js', 'assets/', 'assets/x/y']) {
    expect((await gateway.request(`/.rangeway/${name}`)).status).toBe(404);
  }
});

test('the name without a hash leads to the current script', async () => {
  const response = await gateway.request('/.rangeway/download.js');
  expect(response.status).toBe(307);
  const location = new URL(response.headers.get('Location') ?? '', 'http://x/.rangeway/download.js');
  expect(location.pathname).toBe(`/.rangeway/${PAGE_SCRIPT_PATH}`);
});

test.for([
  ['', '/'],
  ['', '/a/b/'],
  ['/files', '/files/'],
  ['/files', '/files/a%20b/c/'],
  ['/x/y', '/x/y/a/'],
] as const)('a page of the mount "%s" at %s finds the script', async ([path, address]) => {
  const store = memoryStore();
  for (const key of ['z', 'a/z', 'a/b/z', 'a b/c/z']) await store.put(key, new Uint8Array(1));
  const app = createGateway({ mounts: [{ path, store, listing: 'html' }], observers: [] });
  const response = await app.request(address);
  const html = await response.text();
  const src = /<script type="module" src="([^"]+)">/.exec(html)?.[1] ?? '';
  expect(new URL(src, `http://x${address}`).pathname).toBe(`/.rangeway/${PAGE_SCRIPT_PATH}`);
  expect(response.headers.get('Content-Security-Policy')).toContain("script-src 'self'");
});

test('a page whose address has an encoded slash has no script, because its address would be wrong', async () => {
  const store = memoryStore();
  await store.put('a/b/z', new Uint8Array(1));
  const app = createGateway({ store, listing: 'html', observers: [] });
  const response = await app.request('/a%2Fb/');
  expect(await response.text()).not.toContain('<script');
  expect(response.headers.get('Content-Security-Policy')).not.toContain('script-src');
});
