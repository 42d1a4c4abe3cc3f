import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { startWorkerd, type Workerd } from '../../src/cli/dev/workerd.ts';
import { lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import type { NodeServer } from '../../src/platform/node/index.ts';
import { describeInBrowsers, takeScreenshot } from './browsers.ts';
import {
  button,
  isEqualToApi,
  openNode,
  openPage,
  openPart,
  OTHER_TOKEN,
  pastTransfers,
  remaining,
  says,
  shownRows,
  SIZE,
  takeAll,
  TOKEN,
} from './transfers-gateway.ts';

let node: Awaited<ReturnType<typeof openNode>>;
let workerd: Workerd;
let folder: string;

beforeAll(async () => {
  node = await openNode();
  folder = await mkdtemp(join(tmpdir(), 'rangeway-transfers-page-'));
  await writeFile(join(folder, 'large.bin'), new Uint8Array(SIZE));
  workerd = await startWorkerd({
    config: fileURLToPath(new URL('../workers/transfers/wrangler.toml', import.meta.url)),
    host: '127.0.0.1',
    port: 0,
    variables: { ADMIN_TOKEN: TOKEN, TRANSFERS_SECRET: 's'.repeat(32) },
  });
  await fill(workerd.bucket, await listFiles(folder), () => undefined);
}, 120_000);

afterAll(async () => {
  await Promise.all([node.server.stop(1_000), workerd.stop()]);
  await rm(folder, { recursive: true });
});

describeInBrowsers('the page of transfers, live,', (browser) => {
  test.for(['Node', 'workerd'] as const)('shows 50 downloads while they run, as the API does, on %s', async (name) => {
    const { url } = name === 'Node' ? node.server : workerd;
    const { page, problems } = await openPage(browser, url);
    await says(page, 'Live');
    const agents = Array.from({ length: 50 }, (_, i) => `${browser.name} ${i}`);
    const parts: IncomingMessage[] = [];
    for (const agent of agents) {
      await takeAll(await openPart(url, agent, 0, SIZE / 8));
      parts.push(await openPart(url, agent, SIZE / 8, SIZE));
    }
    await page.getByRole('radio', { name: 'Active' }).check();
    await expect.poll(async () => (await shownRows(page)).length, { timeout: 30_000 }).toBe(50);
    await isEqualToApi(page, url, '&state=active');
    expect(new Set((await shownRows(page)).map((row) => JSON.stringify(Object(row).progress)))).toEqual(
      new Set(['"12 % of 24.0 MiB"']),
    );
    await Promise.all(parts.slice(0, 25).map(takeAll));
    await expect.poll(async () => (await shownRows(page)).length, { timeout: 30_000 }).toBe(25);
    await isEqualToApi(page, url, '&state=active');
    // A picture adds a style, which the policy refuses.
    expect(remaining(problems)).toEqual([]);
    await takeScreenshot(browser, page, `transfers-50-${name}`);
    await Promise.all(parts.slice(25).map(takeAll));
    await says(page, 'No transfer fits the filter.');
    await button(page, 'Show all').click();
    await says(page, /50 complete|100 complete/);
    await isEqualToApi(page, url);
  });

  test('asks for nothing while the tab is hidden, and goes on with Last-Event-ID', async () => {
    const { url } = node.server;
    const { page } = await openPage(browser, url);
    await isEqualToApi(page, url);
    const before = await shownRows(page);
    const hide = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    const [ended] = await Promise.all([
      page.waitForEvent('requestfailed', (request) => request.url().includes('transfers?')),
      hide(true),
    ]);
    expect(ended.headers()['authorization']).toBe(`Bearer ${TOKEN}`);
    await says(page, 'Paused while the tab is hidden');
    const [again] = await Promise.all([page.waitForRequest(/transfers\?/), hide(false)]);
    expect(again.headers()['last-event-id']).toMatch(/^[\da-f]{24}$/);
    await says(page, 'Live');
    expect(await shownRows(page)).toEqual(before);
  });

  test('says that the connection is lost, goes on when the gateway is back, and asks for another token', async () => {
    const first = await openNode();
    await first.kept.write(pastTransfers(['a']));
    const { url } = first.server;
    const { page } = await openPage(browser, url);
    await isEqualToApi(page, url);
    await first.server.stop(0);
    await says(page, 'Connection lost, trying again …');
    const port = Number(new URL(url).port);
    const second = await openNode(TOKEN, port);
    await second.kept.write(pastTransfers(['a', 'b']));
    await says(page, 'Live');
    await isEqualToApi(page, url);
    expect(await shownRows(page)).toHaveLength(2);
    await second.server.stop(0);
    const third = await openNode(OTHER_TOKEN, port);
    await says(page, 'The gateway no longer takes the token.');
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await third.server.stop(0);
  });

  test('asks again and again where there are no streams of events, as on Lambda', async () => {
    const { gateway, kept, server } = await openNode();
    const lambda: NodeServer = await serveFunction(
      { mode: 'buffered', handler: lambdaHandler({ gateway }) },
      { port: 0 },
    );
    await kept.write(pastTransfers(['a']));
    const { page, problems } = await openPage(browser, lambda.url);
    await isEqualToApi(page, lambda.url);
    await kept.write(pastTransfers(['a', 'b']));
    await isEqualToApi(page, lambda.url);
    expect(remaining(problems)).toEqual([]);
    await Promise.all([lambda.stop(1_000), server.stop(1_000)]);
  });
});
