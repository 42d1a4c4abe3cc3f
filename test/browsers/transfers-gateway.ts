import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import * as v from 'valibot';
import { generateLinkKey, parseLinkKeys, signedAccess } from '../../src/access/index.ts';
import { TransfersPageSchema } from '../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { createGateway, serve } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../src/transfers/drivers/memory.ts';
import type { TransferChange } from '../../src/transfers/transfer-store.ts';
import type { BrowserUnderTest, Visit } from './browsers.ts';
import { GIVEN_UP } from './download-page.ts';

const MiB = 1024 * 1024;
export const SIZE = 24 * MiB;
export const TOKEN = '0123456789abcdef0123456789abcdef';
export const OTHER_TOKEN = 'f'.repeat(32);
export const [KEY] = parseLinkKeys(generateLinkKey('k1'));

export async function openNode(token = TOKEN, port = 0) {
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
export function pastTransfers(keys: readonly string[], day = 0): readonly TransferChange[] {
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

export async function read<const Schema extends v.GenericSchema>(schema: Schema, url: string, path: string) {
  const response = await fetch(`${url}/.rangeway/${path}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(response.status).toBe(200);
  return v.parse(schema, await response.json());
}

/** Opens one part of large.bin. Its bytes are not taken before `resume` is called. */
export async function openPart(url: string, agent: string, start: number, end: number): Promise<IncomingMessage> {
  const headers = { 'User-Agent': agent, 'CF-Connecting-IP': '192.0.2.1', Range: `bytes=${start}-${end - 1}` };
  const [response]: IncomingMessage[] = await once(httpGet(`${url}/large.bin`, { headers, agent: false }), 'response');
  if (response === undefined) throw new Error('there is no response');
  expect(response.statusCode).toBe(206);
  return response;
}

export async function takeAll(response: IncomingMessage): Promise<void> {
  response.resume();
  await once(response, 'end');
}

/** The rows of the table, as far as the API tells them too. */
export const shownRows = (page: Page): Promise<readonly unknown[]> =>
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
export async function rowsOfApi(url: string, query = ''): Promise<readonly unknown[]> {
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

export const isEqualToApi = (page: Page, url: string, query?: string) =>
  expect
    .poll(async () => JSON.stringify(await shownRows(page)) === JSON.stringify(await rowsOfApi(url, query)), {
      timeout: 30_000,
      interval: 300,
    })
    .toBe(true);

export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
export const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 30_000 });

export async function signIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Admin token').fill(token);
  await button(page, 'Open').click();
}

/** Streams that end when a page leaves are no problem. */
export const remaining = (problems: readonly string[]) => problems.filter((problem) => !GIVEN_UP.test(problem));

/** Opens the page, and signs in. */
export async function openPage(
  browser: BrowserUnderTest,
  url: string,
  view = '',
  options?: BrowserContextOptions,
): Promise<Visit> {
  const visit = await browser.visit(`${url}/.rangeway/${view}`, options);
  await signIn(visit.page);
  await button(visit.page, 'Sign out').waitFor();
  return visit;
}
