import { afterAll, beforeAll, expect, test } from 'vitest';
import { signLink } from '../../src/access/index.ts';
import { DownloadsSchema, LinkSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { describeInBrowsers, expectAccessible, expectNoSideScroll, focusOf, takeScreenshot } from './browsers.ts';
import {
  button,
  isEqualToApi,
  KEY,
  openNode,
  openPage,
  OTHER_TOKEN,
  pastTransfers,
  read,
  remaining,
  says,
  shownRows,
  signIn,
  TOKEN,
} from './transfers-gateway.ts';

const REFUSED_STYLE = /blocked an inline style/;
const PHONE = { width: 360, height: 740 };

/** Names that are hostile, or written from right to left. */
const NAMES = [
  '<img src=x onerror=alert(1)>.bin',
  'invoice\u202Efdp.exe',
  'تقارير/تقرير 2026.pdf',
  `${'n'.repeat(90)}.bin`,
];

const manyKeys = Array.from({ length: 130 }, (_, i) => `many/part-${i}.bin`);

let node: Awaited<ReturnType<typeof openNode>>;
let past: Awaited<ReturnType<typeof openNode>>;

beforeAll(async () => {
  node = await openNode();
  past = await openNode();
  await past.kept.write([...pastTransfers(manyKeys, 1), ...pastTransfers(NAMES), ...pastTransfers(['a', 'b', 'c'])]);
});

afterAll(() => Promise.all([node.server.stop(1_000), past.server.stop(1_000)]));

describeInBrowsers('the page of transfers', (browser) => {
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
    const { page, problems } = await openPage(browser, url);
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
    const { page, problems } = await openPage(browser, url);
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
    const { page, problems } = await openPage(browser, url, '#downloads');
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
    const expires = Math.floor(Date.now() / 1000) + 3_600;
    const link = await signLink(`${url}/signed/large.bin`, { expires, downloadId: id, maxDownloads: 5 }, KEY);
    const status = async () => {
      const response = await fetch(link);
      await response.arrayBuffer();
      return response.status;
    };
    expect(await status()).toBe(200);
    const { page, problems } = await openPage(browser, url, '#links');
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
    expect((await focusOf(page)).element).toBe('button Revoke');
    expect((await read(LinkSchema, url, `links/${id}`)).revoked).toBe(false);
    await press('Enter');
    // A key that is pressed before the dialog is there is for the page behind it.
    await page.getByRole('dialog', { name: `Revoke ${id}?` }).waitFor();
    await press('Tab', 'Enter');
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
      // Each picture adds a style, which the policy refuses, and Firefox reports.
      const refused = problems.filter((problem) => REFUSED_STYLE.test(problem));
      expect(refused.length).toBeLessThanOrEqual(pictures);
      expect(remaining(problems).filter((problem) => !refused.includes(problem))).toEqual([]);
      await takeScreenshot(browser, page, `transfers-${picture}-${scheme}-${width}`);
      pictures++;
    };
    let pictures = 0;
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
  });
});
