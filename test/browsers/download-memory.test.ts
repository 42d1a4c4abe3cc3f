import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAll, run, startServer } from '../cli/commands.ts';
import { describeInBrowsers, launchProfile } from './browsers.ts';
import { begin, card, withoutPicker } from './download-page.ts';

const MIB = 1024 * 1024;
const SIZE = 512 * MIB;

/** What the tab may take more than before, whatever the size of the file: buffers of connections and of the piece. */
const MAX_GROWTH = 320;

let folder: string;
let gateway: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-page-memory-'));
  await mkdir(join(folder, 'served'));
  const file = await open(join(folder, 'served/a.bin'), 'wx');
  await file.truncate(SIZE);
  await file.close();
  await run(['index', '--dir', 'served'], { cwd: folder });
  const args = ['serve', '--dir', 'served', '--pieces', '--listing', 'html', '--port', '0'];
  ({ url: gateway } = await startServer(args, { cwd: folder }));
}, 120_000);
afterAll(async () => {
  killAll();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** The memory of the largest renderer that is in no file, in MiB: that of the tab, its worker included. */
async function tabMemory(devtools: CDPSession): Promise<number> {
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMib(id)));
}

function residentMib(id: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

async function isDone(page: Page): Promise<boolean> {
  return (await card(page).innerText()).includes('Complete');
}

describeInBrowsers('memory of the tab', (browser) => {
  // Firefox tells no process of a tab.
  test.runIf(browser.name === 'chromium' && process.platform === 'linux')(
    `does not grow with a file of ${SIZE / MIB} MiB`,
    { timeout: 300_000 },
    async () => {
      const context = await launchProfile(join(folder, 'profile'));
      try {
        const page = await context.newPage();
        await page.goto(gateway);
        await withoutPicker(page);
        const devtools = await context.browser()?.newBrowserCDPSession();
        if (devtools === undefined) throw new Error('Chromium has no developer tools');
        const before = await tabMemory(devtools);
        await begin(page);
        await card(page).waitFor();
        let most = 0;
        while (!(await isDone(page))) {
          most = Math.max(most, await tabMemory(devtools));
          // To ask all the time takes the time of the download.
          await sleep(200);
        }
        console.log(`memory of the tab: ${before.toFixed(0)} MiB, at most ${most.toFixed(0)} MiB`);
        expect(most - before).toBeLessThan(MAX_GROWTH);
      } finally {
        await context.close();
      }
    },
  );
});
