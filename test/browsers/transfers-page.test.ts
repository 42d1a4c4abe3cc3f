import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as v from 'valibot';
import { generateLinkKey, parseLinkKeys, signedAccess, signLink } from '../../src/access/index.ts';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { serveFunction } from '../../src/cli/dev/function-url.ts';
import { startWorkerd, type Workerd } from '../../src/cli/dev/workerd.ts';
import { DownloadsSchema, LinkSchema, TransfersPageSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { lambdaHandler } from '../../src/platform/lambda/buffered.ts';
import { createGateway, serve, type NodeServer } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../src/transfers/drivers/memory.ts';
import type { TransferChange } from '../../src/transfers/transfer-store.ts';
import {
  describeInBrowsers,
  expectAccessible,
  expectNoSideScroll,
  focusOf,
  takeScreenshot,
  type Visit,
} from './browsers.ts';
import { GIVEN_UP } from './download-page.ts';

const MiB = 1024 * 1024;
const SIZE = 24 * MiB;
const TOKEN = '0123456789abcdef0123456789abcdef';
const OTHER_TOKEN = 'f'.repeat(32);
const PHONE = { width: 360, height: 740 };
const [KEY] = parseLinkKeys(generateLinkKey('k1'));

/** Names that are hostile, or written from right to left. */
const NAMES = [
  '<img src=x onerror=alert(1)>.bin',
  'invoice\u202Efdp.exe',
  'تقارير/تقرير 2026.pdf',
  `${'n'.repeat(90)}.bin`,
];

async function openNode(token = TOKEN, port = 0) {
  const store = memoryStore();
  await store.put('large.bin', new Uint8Array(SIZE));
  const kept = memoryTransferStore();
  const transfers = trackTransfers({ store: kept, secret: TOKEN });
  const mounts = [
    { path: '/', store, listing: 'html' as const },
    { path: '/signed', store, access: signedAccess([KEY]) },
  ];
  const gateway = createGateway({ mounts, transfers, admin: { token }, observers: [] });
  return { gateway, kept, server: await serve(gateway, { port }) };
}

/** Writes transfers of these keys, each of a reader of its own; of each third one, half is there. */
function pastTransfers(keys: readonly string[], day = 0): readonly TransferChange[] {
  const now = Date.now() - day * 86_400_000;
  return keys.flatMap((key, i) => {
    const object = { mount: i % 4 === 1 ? '/mirror' : '/', key, etag: '"v"', size: 1_000 };
    const reader = { name: i % 5 === 2 ? `link:order-${i}` : `client:${String(i).padStart(32, 'a')}`, shard: 0 };
    const end = i % 3 === 2 ? 500 : 1_000;
    const at = now - (keys.length - i) * 1_000;
    const common = { id: `r-${day}-${i}`, object, reader } as const;
    return [
      { ...common, type: 'start', at, asked: [{ start: 0, end: 1_000 }] },
      { ...common, type: 'end', at, status: 200, outcome: 'complete', delivered: [{ start: 0, end }], bytesSent: end },
    ] as const;
  });
}

const manyKeys = Array.from({ length: 130 }, (_, i) => `many/part-${i}.bin`);

let node: Awaited<ReturnType<typeof openNode>>;
let past: Awaited<ReturnType<typeof openNode>>;
let workerd: Workerd;
let folder: string;

beforeAll(async () => {
  node = await openNode();
  past = await openNode();
  await past.kept.write([...pastTransfers(manyKeys, 1), ...pastTransfers(NAMES), ...pastTransfers(['a', 'b', 'c'])]);
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
  await Promise.all([node.server.stop(1_000), past.server.stop(1_000), workerd.stop()]);
  await rm(folder, { recursive: true });
});

async function read<const Schema extends v.GenericSchema>(schema: Schema, url: string, path: string) {
  const response = await fetch(`${url}/.rangeway/${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(response.status).toBe(200);
  return v.parse(schema, await response.json());
}

/** Opens one part of large.bin. Its bytes are not taken before `resume` is called. */
async function openPart(url: string, agent: string, start: number, end: number): Promise<IncomingMessage> {
  const headers = { 'User-Agent': agent, 'CF-Connecting-IP': '192.0.2.1', Range: `bytes=${start}-${end - 1}` };
  const [response]: IncomingMessage[] = await once(httpGet(`${url}/large.bin`, { headers, agent: false }), 'response');
  if (response === undefined) throw new Error('there is no response');
  expect(response.statusCode).toBe(206);
  return response;
}

async function takeAll(response: IncomingMessage): Promise<void> {
  response.resume();
  await once(response, 'end');
}

/** The rows of the table, as far as the API tells them too. */
const shownRows = (page: Page): Promise<readonly unknown[]> =>
  page.evaluate(`Array.from(document.querySelectorAll('tr[data-id]'), (row) => ({
    id: row.dataset.id,
    state: row.querySelector('.dot').textContent,
    progress: row.querySelector('.progress p').textContent,
    bar: row.querySelector('.bar div').style.width,
    sent: row.querySelector('.sent').title,
    connections: row.querySelector('[data-label=Connections]').textContent,
    lastSeen: row.querySelector('time').dateTime,
  }))`);

/** The same rows, from the API. */
async function rowsOfApi(url: string, query = ''): Promise<readonly unknown[]> {
  const { transfers } = await read(TransfersPageSchema, url, `transfers?limit=100${query}`);
  return transfers.map(({ id, state, complete, progress, size, bytesSent, connections, lastSeen }) => {
    const part = `${Math.floor(progress * 100)} %`;
    const whole = complete === 1 ? '100 %' : `${complete} × 100 %`;
    const text = complete === 0 ? part : progress === 0 ? whole : `${whole} + ${part}`;
    const percent = complete > 0 && progress === 0 ? 100 : Math.floor(progress * 100);
    const unit = size < 1024 ? `${size} B` : `${(size / MiB).toFixed(1)} MiB`;
    return {
      id,
      state,
      progress: `${text} of ${unit}`,
      bar: `${percent}%`,
      sent: `${bytesSent} bytes`,
      connections: String(connections),
      lastSeen,
    };
  });
}

const isEqualToApi = (page: Page, url: string, query?: string) =>
  expect
    .poll(async () => JSON.stringify(await shownRows(page)) === JSON.stringify(await rowsOfApi(url, query)), {
      timeout: 30_000,
      interval: 300,
    })
    .toBe(true);

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 30_000 });

async function signIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Admin token').fill(token);
  await button(page, 'Open').click();
}

/** Streams that end when a page leaves are no problem. */
const remaining = (problems: readonly string[]) => problems.filter((problem) => !GIVEN_UP.test(problem));

describeInBrowsers('the page of transfers', (browser) => {
  async function open(url: string, view = '', options?: Parameters<typeof browser.visit>[1]): Promise<Visit> {
    const visit = await browser.visit(`${url}/.rangeway/${view}`, options);
    await signIn(visit.page);
    await button(visit.page, 'Sign out').waitFor();
    return visit;
  }

  test.for(['Node', 'workerd'] as const)('shows 50 downloads while they run, as the API does, on %s', async (name) => {
    const { url } = name === 'Node' ? node.server : workerd;
    const { page, problems } = await open(url);
    await says(page, 'Live');
    const agents = Array.from({ length: 50 }, (_, i) => `${browser.name} ${i}`);
    const parts: IncomingMessage[] = [];
    for (const agent of agents) {
      await takeAll(await openPart(url, agent, 0, SIZE / 4));
      parts.push(await openPart(url, agent, SIZE / 4, SIZE));
    }
    await page.getByRole('radio', { name: 'Active' }).check();
    await expect.poll(async () => (await shownRows(page)).length, { timeout: 30_000 }).toBe(50);
    await isEqualToApi(page, url, '&state=active');
    expect(new Set((await shownRows(page)).map((row) => JSON.stringify(Object(row).progress)))).toEqual(
      new Set(['"25 % of 24.0 MiB"']),
    );
    await takeScreenshot(browser, page, `transfers-50-${name}`);
    await Promise.all(parts.slice(0, 25).map(takeAll));
    await expect.poll(async () => (await shownRows(page)).length, { timeout: 30_000 }).toBe(25);
    await isEqualToApi(page, url, '&state=active');
    await Promise.all(parts.slice(25).map(takeAll));
    await says(page, 'No transfer fits the filter.');
    await button(page, 'Show all').click();
    await says(page, /50 complete|100 complete/);
    await isEqualToApi(page, url);
    expect(remaining(problems)).toEqual([]);
  });

  test('asks for the token, keeps it in the tab alone, and never puts it into an address', async () => {
    const { page, problems, requests } = await browser.visit(`${past.server.url}/.rangeway/`);
    expect(await focusOf(page)).toEqual({ element: 'input ', hasRing: true });
    await page.keyboard.type('wrong token');
    await page.keyboard.press('Enter');
    await says(page, 'A token has letters');
    await signIn(page, OTHER_TOKEN);
    await says(page, 'This is not the admin token of the gateway.');
    await expectAccessible(page);
    await signIn(page);
    await says(page, 'Live');
    await page.reload();
    await says(page, 'Live');
    expect(requests.filter((request) => request.includes(TOKEN) || request.includes(OTHER_TOKEN))).toEqual([]);
    expect(page.url()).not.toContain(TOKEN);
    await button(page, 'Sign out').click();
    await page.reload();
    await page.getByLabel('Admin token').waitFor();
    // Chromium reports the 401.
    expect(remaining(problems).filter((problem) => !problem.includes('401'))).toEqual([]);
  });

  test('has pages and filters', async () => {
    const { url } = past.server;
    const { page, problems } = await open(url);
    await isEqualToApi(page, url);
    const first = await shownRows(page);
    await button(page, 'Older').click();
    await says(page, 'Older transfers, not live');
    await expect.poll(async () => (await shownRows(page)).length).toBe(37);
    const ids = [...first, ...(await shownRows(page))].map((row) => String(Object(row).id));
    expect(new Set(ids).size).toBe(137);
    expect(await button(page, 'Older').count()).toBe(0);
    await button(page, 'Newest').click();
    await isEqualToApi(page, url);
    await page.getByRole('radio', { name: 'Paused' }).check();
    await isEqualToApi(page, url, '&state=paused');
    await page.getByLabel('The whole key').fill('many/part-5.bin');
    await page.keyboard.press('Enter');
    await isEqualToApi(page, url, '&state=paused&key=many%2Fpart-5.bin');
    expect(await shownRows(page)).toHaveLength(1);
    // The key in the table selects its mount too, which can be taken back.
    await button(page, '/mirror/many/part-5.bin').click();
    await button(page, 'Remove the filter Mount /mirror').click();
    await page.locator('.reader button').first().click();
    await button(page, /^Remove the filter Reader/).waitFor();
    expect(remaining(problems)).toEqual([]);
  });

  test('shows names as text, whatever they are', async () => {
    const { url } = past.server;
    const { page, problems } = await open(url);
    await isEqualToApi(page, url);
    const names = await page.locator('td.key bdi').allTextContents();
    expect(names).toContain('<img src=x onerror=alert(1)>.bin');
    expect(names).toContain('/mirror/invoice‹U+202E›fdp.exe');
    expect(await page.locator('img').count()).toBe(0);
    for (const hash of ['links/%ff', 'links/..', 'links/%3Cimg%20src%3Dx%3E', 'links/%00', 'other', 'links/a/b']) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.getByRole('navigation', { name: 'Views' }).waitFor();
    }
    await page.evaluate(`location.hash = 'links/..'`);
    await says(page, 'The id of a link has 1 to 64');
    expect(await page.locator('img').count()).toBe(0);
    expect(remaining(problems)).toEqual([]);
  });

  test('shows the counts of keys and days, as the API does', async () => {
    const { url } = past.server;
    const { page, problems } = await open(url, '#downloads');
    const shown = async () =>
      (await page.locator('tbody tr').allInnerTexts()).map((text) => text.split(/\s*[\t\n]\s*/).filter(Boolean));
    const expected = async (query: string) => {
      const { downloads } = await read(DownloadsSchema, url, `downloads?limit=200${query}`);
      return downloads.map(({ mount, key, day, complete, started, readers, bytes }) => [
        mount === '/' ? key : `${mount}/${key}`,
        day,
        String(complete),
        String(started),
        String(readers),
        `${bytes} B`,
      ]);
    };
    await page.getByLabel('Of keys').fill('many/');
    await button(page, 'Show').click();
    await expect.poll(shown).toEqual(await expected('&prefix=many/'));
    expect(await shown()).toHaveLength(130);
    await page.getByRole('radio', { name: 'Key' }).check();
    await page.getByLabel('Of keys').fill('a');
    await button(page, 'Show').click();
    await expect.poll(shown).toEqual(await expected('&key=a'));
    await page.getByLabel('To').fill('2020-01-01');
    await page.getByLabel('From').fill('2020-01-01');
    await button(page, 'Show').click();
    await says(page, 'No downloads of these keys on these days.');
    expect(remaining(problems)).toEqual([]);
  });

  test('revokes a link, with the keyboard alone, and forgets its use', async () => {
    const { url } = node.server;
    const id = `order-${browser.name}`;
    const terms = { expires: Math.floor(Date.now() / 1000) + 3_600, id, maxDownloads: 5 };
    const link = await signLink(`${url}/signed/large.bin`, terms, KEY);
    const status = async () => {
      const response = await fetch(link);
      await response.arrayBuffer();
      return response.status;
    };
    expect(await status()).toBe(200);
    const { page, problems } = await open(url, '#links');
    await page.getByLabel('Id of a link').fill(id);
    await page.keyboard.press('Enter');
    await says(page, 'Complete downloads');
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await button(page, 'Revoke').focus();
    // Escape does nothing.
    await press('Enter');
    await page.getByRole('dialog', { name: `Revoke ${id}?` }).waitFor();
    await expectAccessible(page);
    await press('Escape');
    expect(await focusOf(page)).toEqual({ element: 'button Revoke', hasRing: true });
    expect((await read(LinkSchema, url, `links/${id}`)).revoked).toBe(false);
    await press('Enter', 'Tab', 'Enter');
    await says(page, 'The link is revoked.');
    expect(await read(LinkSchema, url, `links/${id}`)).toMatchObject({ revoked: true, downloads: 1 });
    await expect.poll(status, { timeout: 10_000 }).toBe(403);
    await button(page, 'Allow again').click();
    await says(page, 'The link is allowed again.');
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
    await button(page, 'Forget its use').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click();
    await says(page, 'The use of the link is forgotten');
    // A link that was never used can be revoked too.
    await page.getByLabel('Id of a link').fill(`never-${browser.name}`);
    await page.keyboard.press('Enter');
    await button(page, 'Revoke it all the same').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await says(page, 'The link is revoked.');
    expect((await read(LinkSchema, url, `links/never-${browser.name}`)).revoked).toBe(true);
    // Chromium reports the 404.
    expect(remaining(problems).filter((problem) => !problem.includes('404'))).toEqual([]);
  });

  test('asks for nothing while the tab is hidden, and goes on with Last-Event-ID', async () => {
    const { url } = past.server;
    const { page } = await open(url);
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
    const { page } = await open(url);
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
    const { page, problems } = await open(lambda.url);
    await isEqualToApi(page, lambda.url);
    await kept.write(pastTransfers(['a', 'b']));
    await isEqualToApi(page, lambda.url);
    expect(remaining(problems)).toEqual([]);
    await Promise.all([lambda.stop(1_000), server.stop(1_000)]);
  });

  test.for([
    ['light', 'wide', {}],
    ['dark', 'wide', { colorScheme: 'dark' }],
    ['light', 'phone', { viewport: PHONE, hasTouch: true, deviceScaleFactor: 2 }],
    ['dark', 'phone', { viewport: PHONE, colorScheme: 'dark' }],
  ] as const)('is accessible and fits: %s, %s', async ([scheme, width, options]) => {
    const { url } = past.server;
    const { page, problems, requests } = await browser.visit(`${url}/.rangeway/`, options);
    const check = async (picture: string) => {
      await expectNoSideScroll(page);
      await expectAccessible(page);
      expect(remaining(problems)).toEqual([]);
      await takeScreenshot(browser, page, `transfers-${picture}-${scheme}-${width}`);
      // The picture adds a style, which the policy refuses.
      problemsBefore = problems.length;
    };
    let problemsBefore = 0;
    await page.getByLabel('Admin token').waitFor();
    expect(requests).toHaveLength(2);
    await check('token');
    await signIn(page);
    await isEqualToApi(page, url);
    await check('list');
    await page.getByRole('link', { name: 'Downloads' }).click();
    await says(page, /complete downloads/);
    await check('counts');
    await page.getByRole('link', { name: 'Links' }).click();
    await page.getByLabel('Id of a link').fill('order-2');
    await page.keyboard.press('Enter');
    await says(page, 'Complete downloads');
    await check('link');
    await button(page, 'Revoke').click();
    await check('question');
    expect(problemsBefore).toBeGreaterThanOrEqual(0);
  });
});
