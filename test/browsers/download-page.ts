import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Requests that the page has ended itself: a connection that is no longer needed. */
export const GIVEN_UP = /ERR_ABORTED|NS_BINDING_ABORTED|NS_BASE_STREAM_CLOSED/;

export const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The browser saves to its own folder. Its picker is a window of the system, which no test can answer. */
export async function withoutPicker(page: Page): Promise<void> {
  await page.evaluate('void (window.showSaveFilePicker = undefined)');
}

/** The digest of the bytes that the page keeps, from which the file is saved. */
export async function storedDigest(page: Page): Promise<string> {
  return page.evaluate(`(async () => {
    const all = await (await navigator.storage.getDirectory()).getDirectoryHandle('rangeway');
    const files = [];
    for await (const folder of all.values()) {
      for await (const [name, handle] of folder.entries()) {
        if (/^[0-9]+w?$/.test(name)) files.push([parseInt(name), await handle.getFile()]);
      }
    }
    files.sort(([a], [b]) => a - b);
    const bytes = await new Blob(files.map(([, file]) => file)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  })()`);
}

export const card = (page: Page) => page.locator('rangeway-download .card').first();
/** Whole percentages. */
export const progressOf = async (page: Page) =>
  Number((await page.getByRole('progressbar').getAttribute('aria-valuenow', { timeout: 10_000 })) ?? 0);
export const press = (page: Page, label: string) =>
  card(page)
    .getByRole('button', { name: new RegExp(`^${label}`) })
    .click();
export const begin = (page: Page) => page.getByRole('button', { name: 'Resumable download of a.bin' }).click();
export const reaches = (page: Page, percent: number) =>
  expect.poll(() => progressOf(page), { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(percent);
export const isComplete = (page: Page) =>
  expect.poll(() => card(page).innerText(), { timeout: 60_000, interval: 100 }).toContain('Complete');
export const says = (page: Page, text: RegExp) => card(page).getByText(text).waitFor({ timeout: 60_000 });
