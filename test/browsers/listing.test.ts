import { afterAll, beforeAll, expect, test } from 'vitest';
import { hookAccess } from '../../src/access/index.ts';
import { PAGE_SCRIPT_PATH } from '../../src/gateway/page-script.ts';
import { storeError } from '../../src/store/store-error.ts';
import { createGateway, serve, type NodeServer } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import {
  describeInBrowsers,
  expectAccessible,
  expectNoSideScroll,
  focusOf,
  takeScreenshot,
  type Visit,
} from './browsers.ts';

const PHONE = { width: 360, height: 740 };
const README =
  '# Releases\n\nVerify a download with its digest:\n\n    sha256sum -c SHA256SUMS\n\n<b>Not</b> markup.\n';

/** Names with their sizes, so that no order of names, sizes and dates is that of another. */
const FILES: Readonly<Record<string, number>> = {
  'README.md': 0,
  SHA256SUMS: 512,
  'app-2.1.0-linux-x64.tar.gz': 3_500_000,
  'app-2.1.0-macos.dmg': 4_200_000,
  'notes & <changes>.txt': 2_048,
  'a-name-without-any-space-that-is-much-wider-than-the-screen-of-a-phone-or-even-of-a-tablet.bin': 70_000,
  'تقرير 2026.pdf': 90_000,
  'invoice\u202Efdp.exe': 1_000,
  'docs/guide.html': 10,
  'nightly/a': 1,
  '日本語/ファイル.bin': 1,
};

let server: NodeServer;
const at = (path: string) => new URL(path, server.url).href;

beforeAll(async () => {
  const store = memoryStore();
  const text = new TextEncoder();
  for (const [key, size] of Object.entries(FILES)) await store.put(key, new Uint8Array(size));
  await store.put('README.md', text.encode(README));
  for (let i = 0; i < 25; i++) await store.put(`many/part-${String(i).padStart(2, '0')}.bin`, new Uint8Array(i));
  const failing = {
    head: () => Promise.reject(storeError('unavailable', 'down')),
    read: () => Promise.reject(storeError('unavailable', 'down')),
  };
  const gateway = createGateway({
    mounts: [
      { store, listing: 'html' },
      { path: '/empty', store: memoryStore(), listing: 'html' },
      { path: '/private', store, access: hookAccess(() => false) },
      { path: '/failing', store: failing },
    ],
    observers: [],
  });
  server = await serve(gateway, { port: 0 });
});
afterAll(() => server.stop(1_000));

const namesOf = ({ page }: Visit) => page.locator('td.name bdi').allTextContents();

describeInBrowsers('listings', (browser) => {
  const visit = (path: string, options?: Parameters<typeof browser.visit>[1]) => browser.visit(at(path), options);

  test.for([
    ['light', 'wide', {}],
    ['dark', 'wide', { colorScheme: 'dark' }],
    ['light', 'phone', { viewport: PHONE, hasTouch: true, deviceScaleFactor: 2 }],
    ['dark', 'phone', { viewport: PHONE, colorScheme: 'dark' }],
  ] as const)('a folder is accessible and fits: %s, %s', async ([scheme, width, options]) => {
    const { page, problems, requests } = await visit('/', options);
    await expectNoSideScroll(page);
    await expectAccessible(page);
    expect(problems).toEqual([]);
    // The page and its script are all that is loaded: no style sheet, no picture, no icon.
    expect(requests).toEqual([at('/'), at(`/.rangeway/${PAGE_SCRIPT_PATH}`)]);
    expect(Buffer.byteLength(await page.content())).toBeLessThan(20 * 1024);
    await takeScreenshot(browser, page, `folder-${scheme}-${width}`);
  });

  test('dark mode is dark', async () => {
    const brightness = async (colorScheme: 'light' | 'dark') => {
      const { page } = await visit('/', { colorScheme });
      const colour: string = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
      return Number(/\d+/.exec(colour)?.[0]);
    };
    expect(await brightness('light')).toBeGreaterThan(240);
    expect(await brightness('dark')).toBeLessThan(50);
  });

  test('sort by size and by date, in both directions, without script', async () => {
    const shown = await visit('/', { javaScriptEnabled: false });
    const { page, problems } = shown;
    expect((await namesOf(shown)).slice(0, 4)).toEqual(['docs', 'many', 'nightly', '日本語']);
    await page.getByRole('link', { name: 'Size' }).click();
    expect((await namesOf(shown))[4]).toBe('README.md');
    await page.getByRole('link', { name: 'Size' }).click();
    expect((await namesOf(shown))[4]).toBe('app-2.1.0-macos.dmg');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toBe('Size');
    await page.getByRole('link', { name: 'Name', exact: true }).click();
    expect(await page.locator('th[aria-sort=ascending]').textContent()).toBe('Name');
    expect(problems).toEqual([]);
    await takeScreenshot(browser, page, 'sorted');
  });

  test('page 2 has the other names, and leads back to the first one', async () => {
    const shown = await visit('/many/?limit=10', { javaScriptEnabled: false });
    const { page } = shown;
    const first = await namesOf(shown);
    await page.getByRole('link', { name: 'Next page' }).click();
    const second = await namesOf(shown);
    await takeScreenshot(browser, page, 'page-2');
    // axe is a script itself.
    await expectAccessible((await browser.visit(page.url())).page);
    await page.getByRole('link', { name: 'Next page' }).click();
    const third = await namesOf(shown);
    expect([first.length, second.length, third.length]).toEqual([10, 10, 5]);
    expect(new Set([...first, ...second, ...third]).size).toBe(25);
    expect(await page.getByRole('link', { name: 'Next page' }).count()).toBe(0);
    await page.getByRole('link', { name: 'First page' }).click();
    expect(await namesOf(shown)).toEqual(first);
  });

  test('the keyboard alone searches, opens a folder and comes back', async () => {
    const shown = await visit('/');
    const { page } = shown;
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Tab');
    expect(await focusOf(page)).toEqual({ element: 'input Names that begin with', hasRing: true });
    await takeScreenshot(browser, page, 'focus-search');
    await page.keyboard.type('doc');
    await Promise.all([page.waitForURL(/search=doc/), press('Enter')]);
    expect(await namesOf(shown)).toEqual(['docs']);
    // Search field, button, three columns, then the only row.
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab');
    expect(await focusOf(page)).toEqual({ element: 'a docs/', hasRing: true });
    await takeScreenshot(browser, page, 'focus-row');
    await Promise.all([page.waitForURL(/\/docs\//), press('Enter')]);
    await press('Tab');
    expect((await focusOf(page)).hasRing).toBe(true);
    await Promise.all([page.waitForURL(at('/')), press('Enter')]);
  });

  test('README is shown as text, and names can neither be markup nor turn the text around', async () => {
    const { page } = await visit('/');
    expect(await page.locator('pre').textContent()).toBe(README);
    expect(await page.locator('pre *').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'notes & <changes>.txt', exact: true }).count()).toBe(1);
    expect(await page.getByRole('link', { name: 'invoice‹U+202E›fdp.exe', exact: true }).count()).toBe(1);
  });

  test('a name opens the object, and Save saves it', async () => {
    const { page } = await visit('/');
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save app-2.1.0-macos.dmg' }).click(),
    ]);
    expect(saved.suggestedFilename()).toBe('app-2.1.0-macos.dmg');
    await page.getByRole('link', { name: 'notes & <changes>.txt', exact: true }).click();
    await page.waitForURL(/notes/);
  });

  test.for([
    ['empty', '/empty/', 'This folder is empty.'],
    ['not-found-search', '/?search=zzz', 'begins with “zzz”'],
  ] as const)('a folder without names says so: %s', async ([picture, path, text]) => {
    const { page, problems } = await visit(path);
    expect(await page.locator('main').textContent()).toContain(text);
    await expectAccessible(page);
    expect(problems).toEqual([]);
    await takeScreenshot(browser, page, picture);
  });

  test.for([
    [404, '/nothing', {}],
    [400, '/?sort=colour', {}],
    [403, '/private/a', {}],
    [503, '/failing/a', {}],
    // A browser asks for such a range when a video that it continues has become shorter.
    [416, '/SHA256SUMS', { extraHTTPHeaders: { Range: 'bytes=512-' } }],
  ] as const)('the page of error %i is accessible', async ([status, path, options]) => {
    const { page, problems } = await visit(path, { viewport: PHONE, ...options });
    expect(await page.locator('body').textContent()).toContain(String(status));
    await expectAccessible(page);
    // Chromium reports the status of the page itself.
    expect(problems.filter((problem) => !problem.includes(`status of ${status}`))).toEqual([]);
    await takeScreenshot(browser, page, `error-${status}-phone`);
    await page.setViewportSize({ width: 1280, height: 720 });
    await takeScreenshot(browser, page, `error-${status}`);
  });
});
