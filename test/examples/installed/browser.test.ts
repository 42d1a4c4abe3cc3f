import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInBrowsers, expectAccessible } from '../../browsers/browsers.ts';
import { startCuttingProxy, type CuttingProxy } from '../../clients/cutting-proxy.ts';
import { expectAnswers } from './answers.ts';
import { follow, type Followed } from './followed.ts';

/** Passes connections on, and nothing more of a response after its first MB until it is released. */
async function startHolding(port: number) {
  const held = new Set<Socket>();
  let isHolding = true;
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let passed = 0;
    upstream.on('data', (chunk) => {
      client.write(chunk);
      passed += chunk.length;
      if (!isHolding || passed < 1_000_000) return;
      upstream.pause();
      held.add(upstream);
    });
    client.on('data', (chunk) => upstream.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    release() {
      isHolding = false;
      for (const socket of held) socket.resume();
    },
    close: () => server.close(),
  };
}

/** Returns the digest of the file that the page has written to its private storage. */
async function storedDigest(page: Page): Promise<string> {
  return page.evaluate(`(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('large.bin');
    const digest = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  })()`);
}

const PAGE = 'http://127.0.0.1:8787/';
let example: Followed;
let content: Buffer;
let digest: string;
let port: number;

beforeAll(async () => {
  const replace = { '50000000': '8000000' };
  example = await follow('download-in-the-browser', { servers: { 'npm start': PAGE }, replace });
  content = await readFile(join(example.folder, 'public/large.bin'));
  digest = createHash('sha256').update(content).digest('hex');
  port = Number(new URL(example.address(PAGE)).port);
});
afterAll(() => example?.remove());

test('the server of download-in-the-browser answers', async () => {
  await expectAnswers(`${example.address(PAGE)}large.bin`, content);
});

describeInBrowsers('examples/download-in-the-browser', ({ name, visit }) => {
  const complete = (page: Page) => page.getByText(`complete: ${content.length} bytes`).waitFor({ timeout: 60_000 });

  test('downloads through breaks, and saves the exact file', async () => {
    const target = { host: '127.0.0.1', port };
    const proxy: CuttingProxy = await startCuttingProxy({ listen: 0, target, bytes: 900_000, cuts: 4 });
    try {
      const { page, problems } = await visit(`http://127.0.0.1:${proxy.port}/`);
      await expectAccessible(page);
      expect(problems).toEqual([]);
      // Firefox does not tell Playwright of its downloads.
      const saving = name === 'chromium' ? page.waitForEvent('download') : undefined;
      await page.getByRole('button', { name: 'Download' }).click();
      await complete(page);
      expect([proxy.cutsMade() > 0, await storedDigest(page)]).toEqual([true, digest]);
      const saved = await saving;
      if (saved !== undefined) {
        expect(saved.suggestedFilename()).toBe('large.bin');
        expect((await readFile(await saved.path())).equals(content)).toBe(true);
      }
    } finally {
      proxy.close();
    }
  });

  test('pauses and resumes', async () => {
    const proxy = await startHolding(port);
    try {
      const { page } = await visit(proxy.url);
      await page.getByRole('button', { name: 'Download' }).click();
      await expect.poll(() => page.locator('output').textContent()).toMatch(/^[1-9]\d* of 8000000 bytes/);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      proxy.release();
      await page.getByRole('button', { name: 'Resume' }).click();
      await complete(page);
      expect(await storedDigest(page)).toBe(digest);
    } finally {
      proxy.close();
    }
  });
});
