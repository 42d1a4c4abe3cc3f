import { afterAll, beforeAll, expect, test } from 'vitest';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { createGateway, serve, type NodeServer } from '../../src/platform/node/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../src/transfers/drivers/memory.ts';
import { describeInBrowsers } from './browsers.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const SIZE = 1_000_000;

let server: NodeServer;

beforeAll(async () => {
  const store = memoryStore();
  await store.put('page.html', new TextEncoder().encode('<!doctype html><title>Transfers</title>'));
  await store.put('large.bin', new Uint8Array(SIZE));
  const transfers = trackTransfers({ store: memoryTransferStore(), secret: TOKEN });
  server = await serve(createGateway({ store, transfers, admin: { token: TOKEN }, observers: [] }), { port: 0 });
});
afterAll(() => server.stop(1_000));

/** Reads the stream of transfers with the token, and downloads in two parts while it is open. */
const WATCH = `(async () => {
  const headers = { Authorization: 'Bearer ${TOKEN}', Accept: 'text/event-stream' };
  const response = await fetch('/.rangeway/transfers?key=large.bin', { headers });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value;
  const download = async (range) => (await fetch('/large.bin', { headers: { Range: range }, cache: 'no-store' })).arrayBuffer();
  await download('bytes=0-${SIZE / 2 - 1}');
  while (!text.includes('"progress":0.5')) text += (await reader.read()).value;
  await download('bytes=${SIZE / 2}-');
  while (!text.includes('"complete":1')) text += (await reader.read()).value;
  await reader.cancel();
  return { type: response.headers.get('Content-Type'), events: [...text.matchAll(/^event: (\\w+)$/gm)].map(([, name]) => name) };
})()`;

describeInBrowsers('the stream of transfers', (browser) => {
  test('tells a page half of a download, and then that it is complete', async () => {
    const { page, problems } = await browser.visit(new URL('/page.html', server.url).href);
    const seen: { readonly type: string; readonly events: readonly string[] } = await page.evaluate(WATCH);
    expect(seen.type).toBe('text/event-stream');
    expect(seen.events[0]).toBe('transfers');
    expect(seen.events.slice(1)).toContain('changes');
    // The address of the icon is missing.
    expect(problems.filter((problem) => !problem.includes('favicon') && !problem.includes('404'))).toEqual([]);
  });
});
