import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { serveFunction } from '../../../src/cli/dev/function-url.ts';
import { TRANSFERS_SCRIPT, TRANSFERS_SCRIPT_PATH } from '../../../src/gateway/transfers-script.ts';
import { createGateway, memoryStore, memoryTransferStore, trackTransfers } from '../../../src/index.ts';
import { lambdaHandler } from '../../../src/platform/lambda/buffered.ts';
import { lambdaStreamHandler } from '../../../src/platform/lambda/streamed.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { bundlePage, printTransfersScript } from '../../../scripts/bundle-page.ts';
import { checkTransfersPage } from '../../contract/transfers-page.ts';

const TOKEN = 'a'.repeat(32);
const transfers = trackTransfers({ store: memoryTransferStore() });
const open = () =>
  createGateway({ store: memoryStore(), transfers, admin: { token: TOKEN }, listing: 'html', observers: [] });

describe('the script', () => {
  test('is that of src/page/transfers: else run `npm run page`', async () => {
    const written = readFileSync(join(import.meta.dirname, '../../../src/gateway/transfers-script.ts'), 'utf8');
    expect(written === (await printTransfersScript())).toBe(true);
    expect(TRANSFERS_SCRIPT).toBe(await bundlePage('transfers/script.ts'));
    // Its length in characters is the Content-Length.
    expect(Buffer.byteLength(TRANSFERS_SCRIPT)).toBe(TRANSFERS_SCRIPT.length);
  });

  test('has at most 25 KiB of gzip', () => {
    expect(gzipSync(TRANSFERS_SCRIPT, { level: 9 }).length).toBeLessThanOrEqual(25 * 1024);
  });
});

describe('/.rangeway/ with transfers', () => {
  test('on Node', async () => {
    const server = await serve(open(), { port: 0 });
    await checkTransfersPage(server.url);
    await server.stop(1_000);
  });

  test('of a gateway that is mounted in another app', async () => {
    const server = await serve(new Hono().route('/files/of', open()), { port: 0 });
    await checkTransfersPage(`${server.url}/files/of`);
    await server.stop(1_000);
  });

  test.for(['buffered', 'stream'] as const)('on Lambda, %s', async (mode) => {
    const gateway = open();
    const server = await serveFunction(
      mode === 'buffered'
        ? { mode, handler: lambdaHandler({ gateway }) }
        : { mode, handler: lambdaStreamHandler({ gateway }) },
      { port: 0 },
    );
    await checkTransfersPage(server.url);
    await server.stop(1_000);
  });

  test('leads to its script, which a proxy may have moved', async () => {
    const html = await (await open().request('/.rangeway/')).text();
    expect(html).toContain(`<script type="module" src="${TRANSFERS_SCRIPT_PATH}"></script>`);
    expect(html).not.toMatch(/<form|<input/);
  });
});

test('without the token of an administrator there is no page', async () => {
  const app = createGateway({ store: memoryStore(), transfers, listing: 'html', observers: [] });
  for (const path of ['/.rangeway/', '/.rangeway', `/.rangeway/${TRANSFERS_SCRIPT_PATH}`]) {
    expect((await app.request(path)).status).toBe(404);
  }
});

test('without transfers, the page says which setting turns them on, and runs no script', async () => {
  const app = createGateway({ store: memoryStore(), admin: { token: TOKEN }, observers: [] });
  const response = await app.request('/.rangeway/');
  const html = await response.text();
  expect(response.status).toBe(200);
  expect(html).toContain('The setting “transfers” turns them on.');
  expect(html).not.toContain('<script');
  expect((await app.request(`/.rangeway/${TRANSFERS_SCRIPT_PATH}`)).status).toBe(404);
});
