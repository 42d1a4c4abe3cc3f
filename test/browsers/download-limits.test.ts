import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { killAll, run, startServer } from '../cli/commands.ts';
import { describeInBrowsers, expectAccessible, expectNoSideScroll, takeScreenshot } from './browsers.ts';
import {
  begin,
  card,
  digestOf,
  isComplete,
  press,
  reaches,
  says,
  storedDigest,
  withoutPicker,
} from './download-page.ts';
import { startFaulty, type FaultyProxy } from './faulty-proxy.ts';

const MIB = 1024 * 1024;
const SIZE = 40_000_003;

/** Names of files, and those that they are saved by: characters that no system has, or that change how a name is read. */
const NAMES = [
  ['a b%41#?;+=.bin', 'a b%41#_;+=.bin'],
  ['"quoted" <b>|*.txt', '_quoted_ _b___.txt'],
  ['\u202Etxt.exe', '_txt.exe'],
  ['grün 🙂 文件.txt', 'grün 🙂 文件.txt'],
] as const;

let folder: string;
let gateway: string;
let content: Buffer;
let proxy: FaultyProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-limits-'));
  await mkdir(join(folder, 'served/sub'), { recursive: true });
  content = randomBytes(SIZE);
  await writeFile(join(folder, 'served/sub/a.bin'), content);
  await mkdir(join(folder, 'served/names'));
  for (const [name] of NAMES) await writeFile(join(folder, 'served/names', name), name);
  await run(['index', '--dir', 'served'], { cwd: folder });
  const args = ['serve', '--dir', 'served', '--pieces', '--listing', 'html', '--port', '0'];
  ({ url: gateway } = await startServer(args, { cwd: folder }));
}, 120_000);
beforeEach(async () => void (proxy = await startFaulty(gateway, '/sub/a.bin')));
afterEach(() => proxy.close());
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describeInBrowsers('servers, names and browsers with limits', (browser) => {
  const open = async (address = `${proxy.url}/sub/`) => {
    const visit = await browser.visit(address);
    await withoutPicker(visit.page);
    return visit;
  };

  test.for([
    ['ranges', /cannot continue downloads/],
    ['validators', /cannot continue downloads/],
  ] as const)('a server without %s is told in a sentence, beside the plain link', async ([hides, sentence]) => {
    proxy.faults.hides = hides;
    proxy.faults.rate = 20 * MIB;
    const { page } = await open();
    await begin(page);
    await says(page, sentence);
    const plain = page.getByRole('link', { name: 'Download without resuming' });
    expect(await plain.getAttribute('href')).toBe(`${proxy.url}/sub/a.bin`);
    await takeScreenshot(browser, page, `download-without-${hides}`);
    proxy.faults.rate = 0;
    await isComplete(page);
    expect(await storedDigest(page)).toBe(digestOf(content));
  });

  // Playwright learns nothing of a download of Firefox.
  test.runIf(browser.name === 'chromium').for(NAMES)('the file "%s" is saved as "%s"', async ([name, expected]) => {
    const { page } = await open(`${proxy.url}/names/`);
    const own = page.locator('tr', { has: page.locator(`a[download][href*="${encodeURIComponent(name)}"]`) });
    const saving = page.waitForEvent('download');
    await own.getByRole('button').click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe(expected);
    expect(digestOf(await readFile(await saved.path()))).toBe(digestOf(Buffer.from(name)));
    // Characters that are not seen, and change how a name is read, are shown by their numbers.
    expect(await card(page).locator('.name').innerText()).toBe(name.replace('\u202E', '‹U+202E›'));
  });

  test('a phone, and a dark scheme', async () => {
    const looks = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } as const;
    const { page } = await browser.visit(`${proxy.url}/sub/`, looks);
    await withoutPicker(page);
    proxy.faults.rate = 10 * MIB;
    await begin(page);
    await reaches(page, 15);
    await expectNoSideScroll(page);
    await expectAccessible(page);
    await takeScreenshot(browser, page, 'download-phone');
    await press(page, 'Pause');
    await says(page, /^Paused/);
    await expectNoSideScroll(page);
    await takeScreenshot(browser, page, 'download-phone-paused');
  });

  test('a browser that refuses storage says so, and leaves the plain link', async () => {
    const { page } = await open();
    await page.evaluate(
      `void (navigator.storage.getDirectory = () => Promise.reject(new DOMException('', 'SecurityError')))`,
    );
    await begin(page);
    await says(page, /refuses storage/);
    expect(await page.getByRole('link', { name: 'Download without resuming' }).getAttribute('href')).toBe(
      `${proxy.url}/sub/a.bin`,
    );
    await expectAccessible(page);
    await takeScreenshot(browser, page, 'download-refused');
  });

  test('a cancelled picker downloads nothing, and a chosen file gets all bytes', async () => {
    const { page } = await open();
    await page.evaluate(`void (window.showSaveFilePicker = () => Promise.reject(new DOMException('', 'AbortError')))`);
    await begin(page);
    await says(page, /^No file was chosen/);
    await page.evaluate(`void (window.showSaveFilePicker = async () =>
      (await navigator.storage.getDirectory()).getFileHandle('chosen.bin', { create: true }))`);
    await press(page, 'Download');
    await isComplete(page);
    const [size, stored]: readonly number[] = await page.evaluate(`(async () => {
      const root = await navigator.storage.getDirectory();
      const file = await (await root.getFileHandle('chosen.bin')).getFile();
      let count = 0;
      for await (const _ of (await root.getDirectoryHandle('rangeway')).keys()) count++;
      return [file.size, count];
    })()`);
    expect([size, stored]).toEqual([SIZE, 0]);
  });
});
