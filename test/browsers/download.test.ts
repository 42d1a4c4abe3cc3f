import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { killAll, run, startServer } from '../cli/commands.ts';
import { isFull } from '../full.ts';
import { describeInBrowsers, expectAccessible, expectNoSideScroll, takeScreenshot } from './browsers.ts';
import { startFaulty, type FaultyProxy } from './faulty-proxy.ts';

const MIB = 1024 * 1024;
/** 200 MB in a full run. */
const SIZE = isFull ? 200_000_003 : 40_000_003;

let folder: string;
let gateway: string;
let content: Buffer;
let proxy: FaultyProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-page-'));
  await mkdir(join(folder, 'served/sub'), { recursive: true });
  content = randomBytes(SIZE);
  await writeFile(join(folder, 'served/sub/a.bin'), content);
  await writeFile(join(folder, 'served/sub/تقرير & "x" <b>.pdf'), randomBytes(300_000));
  await run(['index', '--dir', 'served'], { cwd: folder });
  const args = ['serve', '--dir', 'served', '--pieces', '--listing', 'html', '--cors', '*', '--port', '0'];
  ({ url: gateway } = await startServer(args, { cwd: folder }));
}, 300_000);
beforeEach(async () => void (proxy = await startFaulty(gateway, '/sub/a.bin')));
afterEach(() => proxy.close());
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The browser saves to its own folder. Its picker is a window of the system, which no test can answer. */
async function withoutPicker(page: Page): Promise<void> {
  await page.evaluate('void (window.showSaveFilePicker = undefined)');
}

/** The digest of the bytes that the page keeps, from which the file is saved. */
async function storedDigest(page: Page): Promise<string> {
  return page.evaluate(`(async () => {
    const all = await (await navigator.storage.getDirectory()).getDirectoryHandle('rangeway');
    const files = [];
    for await (const folder of all.values()) {
      for await (const [name, handle] of folder.entries()) {
        if (/^[0-9]+$/.test(name)) files.push([Number(name), await handle.getFile()]);
      }
    }
    files.sort(([a], [b]) => a - b);
    const bytes = await new Blob(files.map(([, file]) => file)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  })()`);
}

const card = (page: Page) => page.locator('rangeway-download .card').first();
const progressOf = async (page: Page) =>
  Number((await page.getByRole('progressbar').getAttribute('aria-valuenow', { timeout: 10_000 })) ?? 0);
const press = (page: Page, label: string) =>
  card(page)
    .getByRole('button', { name: new RegExp(`^${label}`) })
    .click();
const begin = (page: Page) => page.getByRole('button', { name: 'Resumable download of a.bin' }).click();
const reaches = (page: Page, percent: number) =>
  expect.poll(() => progressOf(page), { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(percent);
const isComplete = (page: Page) =>
  expect.poll(() => card(page).innerText(), { timeout: 60_000, interval: 100 }).toContain('Complete');

describeInBrowsers('resumable downloads', (browser) => {
  const open = async (address = `${proxy.url}/sub/`) => {
    const visit = await browser.visit(address);
    await withoutPicker(visit.page);
    return visit;
  };

  test('a file of a listing, through resets, pause and reload, is equal byte for byte', async () => {
    proxy.faults.resetAfter = 3 * MIB;
    proxy.faults.rate = 20 * MIB;
    const { page } = await open();
    await begin(page);
    await reaches(page, 20);
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(browser, page, 'download-running');
    await press(page, 'Pause');
    await card(page)
      .getByText(/^Paused/)
      .waitFor();
    const paused = await progressOf(page);
    expect(paused).toBeGreaterThanOrEqual(20);
    await takeScreenshot(browser, page, 'download-paused');
    await press(page, 'Resume');
    await reaches(page, 50);
    // As if the tab was closed: nothing is paused before it.
    await page.reload();
    await withoutPicker(page);
    await card(page)
      .getByText(/^Paused/)
      .waitFor();
    await press(page, 'Resume');
    // All but the bytes of the last second are there.
    await reaches(page, 20);
    await isComplete(page);
    expect(await card(page).innerText()).toContain('verified');
    expect(await storedDigest(page)).toBe(digestOf(content));
    expect(proxy.resets()).toBeGreaterThan(2);
    await expectAccessible(page);
    await takeScreenshot(browser, page, 'download-complete');
  });

  test('the network is off for a time, and a wrong byte is healed', async () => {
    proxy.faults.rate = 10 * MIB;
    proxy.faults.wrong.add(1_000_000);
    const { page } = await open();
    await begin(page);
    await reaches(page, 15);
    proxy.faults.isOff = true;
    await card(page)
      .getByText(/^Tries again/)
      .waitFor();
    await takeScreenshot(browser, page, 'download-off');
    proxy.faults.isOff = false;
    proxy.faults.rate = 0;
    await isComplete(page);
    expect(proxy.faults.wrong.size).toBe(0);
    expect(await storedDigest(page)).toBe(digestOf(content));
  });

  test('an object that was replaced begins again, and the page says so', async () => {
    proxy.faults.rate = 10 * MIB;
    const { page } = await open();
    await begin(page);
    await reaches(page, 15);
    await press(page, 'Pause');
    await card(page)
      .getByText(/^Paused/)
      .waitFor();
    const other = randomBytes(SIZE - 1_000_000);
    await writeFile(join(folder, 'served/sub/a.bin'), other);
    try {
      proxy.faults.rate = 0;
      await press(page, 'Resume');
      await isComplete(page);
      expect(await card(page).innerText()).toContain('changed, so the download began again');
      expect(await storedDigest(page)).toBe(digestOf(other));
    } finally {
      await writeFile(join(folder, 'served/sub/a.bin'), content);
      await run(['index', '--dir', 'served'], { cwd: folder });
    }
  });

  test('an expired link asks for a new one, and goes on', async () => {
    proxy.faults.rate = 10 * MIB;
    proxy.faults.resetAfter = 4 * MIB;
    const { page } = await open();
    await begin(page);
    await reaches(page, 15);
    proxy.faults.isRefused = (url) => !url.includes('fresh');
    await page.getByText(/^The link has expired/).waitFor();
    await expectAccessible(page);
    await takeScreenshot(browser, page, 'download-expired');
    proxy.faults.rate = 0;
    await page.getByRole('textbox', { name: 'New link' }).fill(`${proxy.url}/sub/a.bin?fresh`);
    await page.getByRole('button', { name: 'Go on' }).click();
    await isComplete(page);
    expect(await storedDigest(page)).toBe(digestOf(content));
  });

  test('a second tab says that another has the file', async () => {
    proxy.faults.rate = 5 * MIB;
    const { page } = await open();
    await begin(page);
    await reaches(page, 10);
    const second = await page.context().newPage();
    await second.goto(`${proxy.url}/sub/`);
    await withoutPicker(second);
    await press(second, 'Resume');
    await second.getByText(/another tab of this browser/i).waitFor();
    await takeScreenshot(browser, second, 'download-second-tab');
    proxy.faults.rate = 0;
    await isComplete(page);
  });
});
