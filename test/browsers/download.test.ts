import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { killAll, run, startServer } from '../cli/commands.ts';
import { isFull } from '../full.ts';
import { describeInBrowsers, expectAccessible, expectNoSideScroll, launchProfile, takeScreenshot } from './browsers.ts';
import {
  begin,
  card,
  digestOf,
  GIVEN_UP,
  isComplete,
  press,
  progressOf,
  reaches,
  says,
  storedDigest,
  withoutPicker,
} from './download-page.ts';
import { startFaulty, type FaultyProxy } from './faulty-proxy.ts';

const MIB = 1024 * 1024;
/** For how long a network is off, in ms. */
const OFF = isFull ? 10_000 : 1_000;
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

/** The page of another origin of docs/download-page.md, and its policy. Browsers ask for a picture beside it. */
async function documentedPage(origin: string, path: string) {
  const markdown = await readFile(join(import.meta.dirname, '../../docs/download-page.md'), 'utf8');
  const text = markdown.replaceAll('https://files.example.com', origin).replaceAll('/a.iso', `/${path}`);
  const [, policy = ''] = /^Content-Security-Policy: (.*)$/m.exec(text) ?? [];
  const [, page = ''] = /^```html\n(<!doctype html>.*?)^```$/ms.exec(text) ?? [];
  return {
    page: page.replace('<title>', '<link rel="icon" href="data:,"><title>'),
    policy: `${policy}; img-src data:`,
  };
}

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
    await says(page, /^Paused/);
    const paused = await progressOf(page);
    expect(paused).toBeGreaterThanOrEqual(20);
    await takeScreenshot(browser, page, 'download-paused');
    await press(page, 'Resume');
    await reaches(page, 50);
    // As if the tab was closed: nothing is paused before it.
    await page.reload();
    await withoutPicker(page);
    await says(page, /^Paused/);
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
    await says(page, /^Tries again/);
    await takeScreenshot(browser, page, 'download-off');
    // The time itself is under test: failures add up in it.
    await new Promise((resolve) => void setTimeout(resolve, OFF));
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
    await says(page, /^Paused/);
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

  test('a page of another origin, with a strict policy, embeds the element and is told of an expired link', async () => {
    proxy.faults.rate = 20 * MIB;
    proxy.faults.isRefused = (url) => !url.includes('fresh');
    const file = `${proxy.url}/sub/a.bin`;
    const { page, policy } = await documentedPage(proxy.url, 'sub/a.bin');
    const named = page.replace('<rangeway-download ', '<rangeway-download name="other.bin" ');
    const other = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy }).end(named);
    }).listen(0, 'localhost');
    try {
      await once(other, 'listening');
      const { port } = Object(other.address());
      const visit = await open(`http://localhost:${port}/`);
      await visit.page.evaluate(`addEventListener('rangeway-expired', ({ detail }) => detail.renew('${file}?fresh'))`);
      await press(visit.page, 'Download');
      await isComplete(visit.page);
      expect(await card(visit.page).innerText()).toContain('other.bin');
      expect(await storedDigest(visit.page)).toBe(digestOf(content));
      // The refused response is all that the console tells.
      expect(visit.problems.filter((one) => !one.includes('403') && !GIVEN_UP.test(one))).toEqual([]);
      await takeScreenshot(browser, visit.page, 'download-embedded');
    } finally {
      other.close();
    }
  });

  test('files of a page wait for each other, and each name is saved', { timeout: 240_000 }, async () => {
    proxy.faults.rate = 10 * MIB;
    const { page, problems } = await open();
    await begin(page);
    await page.getByRole('button', { name: /^Resumable download of .*pdf$/ }).click();
    const second = page.locator('rangeway-download .card').nth(1);
    await second.getByText(/^Waits for the other downloads/).waitFor();
    proxy.faults.rate = 0;
    await expect.poll(() => second.innerText(), { timeout: 180_000 }).toContain('Complete');
    expect(await second.locator('.name').innerText()).toBe('تقرير & "x" <b>.pdf');
    // A connection that is given up is no problem.
    expect(problems.filter((one) => !GIVEN_UP.test(one))).toEqual([]);
    await takeScreenshot(browser, page, 'download-queue');
  });

  // Firefox has no way to set the quota of a page that is open.
  test.runIf(browser.name === 'chromium')(
    'a full storage says so, and goes on where it was when there is room',
    async () => {
      proxy.faults.rate = 20 * MIB;
      const { page } = await open();
      const devtools = await page.context().newCDPSession(page);
      const limitStorage = (quotaSize?: number) =>
        devtools.send('Storage.overrideQuotaForOrigin', {
          origin: proxy.url,
          ...(quotaSize === undefined ? {} : { quotaSize }),
        });
      await begin(page);
      await reaches(page, 30);
      await limitStorage(SIZE / 2);
      await says(page, /storage of this browser is full/);
      const stopped = await progressOf(page);
      await takeScreenshot(browser, page, 'download-full');
      await press(page, 'Resume');
      await says(page, /is full|too little room/);
      await limitStorage();
      await press(page, 'Resume');
      await reaches(page, Math.min(25, stopped));
      await isComplete(page);
      expect(await storedDigest(page)).toBe(digestOf(content));
    },
  );

  test.runIf(browser.name === 'chromium')('the browser ends, and the next one goes on and saves the file', async () => {
    proxy.faults.rate = 10 * MIB;
    const profile = join(folder, 'profile');
    const address = `${proxy.url}/sub/`;
    const first = await launchProfile(profile);
    const before = await first.newPage();
    await before.goto(address);
    await withoutPicker(before);
    await begin(before);
    await reaches(before, 50);
    await first.close();
    const second = await launchProfile(profile);
    try {
      const page = await second.newPage();
      await page.goto(address);
      await withoutPicker(page);
      await says(page, /^Paused/);
      proxy.faults.rate = 0;
      const saving = page.waitForEvent('download');
      const sent = proxy.sent();
      await press(page, 'Resume');
      const saved = await saving;
      expect(saved.suggestedFilename()).toBe('a.bin');
      expect(digestOf(await readFile(await saved.path()))).toBe(digestOf(content));
      expect(proxy.sent() - sent).toBeLessThan(SIZE * 0.8);
      await press(page, 'Discard');
      await card(page).getByRole('button', { name: 'Download' }).waitFor();
    } finally {
      await second.close();
    }
  });
});
