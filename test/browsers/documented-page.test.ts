import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateway, serve, type NodeServer } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { fencesOf } from '../docs/blocks.ts';
import { readPages } from '../examples/pages.ts';
import { describeInBrowsers } from './browsers.ts';
import { card, digestOf, isComplete, press, storedDigest, withoutPicker } from './download-page.ts';

const content = randomBytes(3_000_003);

const page = (await readPages()).find(({ path }) => path === 'docs/resumable-downloads-in-your-app.md');
const block = page === undefined ? undefined : fencesOf(page).find(({ language }) => language === 'html');

let gateway: NodeServer;
/** Serves the page of the documentation, from another origin than the files. */
let site: Server;
let address: string;

beforeAll(async () => {
  const store = memoryStore();
  await store.put('app.iso', content);
  gateway = await serve(createGateway({ store, listing: 'html', cors: { origins: '*' }, observers: [] }), { port: 0 });
  const text = (block?.text ?? '').replaceAll('https://files.example.com', gateway.url);
  site = createServer((_, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end(text));
  await once(site.listen(0, '127.0.0.1'), 'listening');
  const { port }: AddressInfo | { port: number } = Object(site.address());
  address = `http://127.0.0.1:${port}/`;
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await gateway.stop(1_000);
});

describeInBrowsers('the page of docs/resumable-downloads-in-your-app.md', (browser) => {
  test('downloads its file from another origin', async () => {
    const { page: shown, problems } = await browser.visit(address);
    await withoutPicker(shown);
    await press(shown, 'Download');
    await isComplete(shown);
    expect(await card(shown).innerText()).toContain('app.iso');
    expect(await storedDigest(shown)).toBe(digestOf(content));
    // A site of one page has no icon.
    expect(problems.filter((problem) => !/favicon|404/.test(problem))).toEqual([]);
  });

  // Playwright turns scripts off in Chromium alone.
  test.runIf(browser.name === 'chromium')('has the plain link without script', async () => {
    const { page: shown } = await browser.visit(address, { javaScriptEnabled: false });
    expect(await shown.getByRole('link', { name: 'app.iso' }).getAttribute('href')).toBe(`${gateway.url}/app.iso`);
  });
});
