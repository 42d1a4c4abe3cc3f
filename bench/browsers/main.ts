/**
 * Measures resumable downloads of a page beside the browser's own download, in Debian's Chromium with a profile on disk:
 * `node bench/browsers/main.ts loopback|far|memory`. The gateway runs on Node, with piece indexes, so that ours are
 * verified. `memory` prints Chromium's own figures while a sparse file is downloaded.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { startServer } from '../contestants/spawn.ts';
import { spreadOf } from '../measure/statistics.ts';
import { inTemporaryFolder } from '../measure/temporary-folder.ts';
import { startShapedProxy } from './shaped-proxy.ts';

const MIB = 1024 * 1024;
const FAR = { latency: 60, rate: 12_000_000 };
const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'];
const PROGRAM = join(import.meta.dirname, '../../bin/rangeway.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { mib: { type: 'string' }, rounds: { type: 'string', default: '5' }, 'no-pieces': { type: 'boolean' } },
});
const [mode = 'loopback'] = positionals;
const size = Number(values.mib ?? (mode === 'memory' ? 4096 : 191)) * MIB;

/** Seconds of one download: until the page says that it is complete, and until the file is in the folder of downloads. */
interface Run {
  readonly complete: number;
  readonly saved: number;
}

function writeServed(folder: string): string {
  const served = join(folder, 'served');
  mkdirSync(served);
  const file = join(served, 'a.bin');
  writeFileSync(file, '');
  if (mode === 'memory') truncateSync(file, size);
  else for (let i = 0; i < size / MIB; i++) appendFileSync(file, randomBytes(MIB));
  if (values['no-pieces'] !== true) execFileSync(process.execPath, [PROGRAM, 'index', '--dir', served]);
  return served;
}

async function own(page: Page): Promise<Run> {
  const start = performance.now();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('a[download]').click()]);
  await saved.path();
  const seconds = (performance.now() - start) / 1000;
  await saved.delete();
  return { complete: seconds, saved: seconds };
}

/** Tells the seconds from the click to the end, by events of the page. The picker is a window of the system. */
const WATCH = `void (window.complete = new Promise((resolve, reject) => {
  window.showSaveFilePicker = undefined;
  addEventListener('click', () => {
    const start = performance.now();
    setTimeout(() => {
      const root = document.querySelector('rangeway-download').shadowRoot;
      new MutationObserver(() => {
        if (root.textContent.includes('Complete')) resolve((performance.now() - start) / 1000);
        if (root.querySelector('.failed') !== null) reject(new Error(root.textContent));
      }).observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  }, { once: true });
}))`;

async function resumable(page: Page): Promise<Run> {
  await page.reload();
  await page.evaluate(WATCH);
  const saving = page.waitForEvent('download');
  // If the download fails, its error is the one to show.
  saving.catch(() => undefined);
  const start = performance.now();
  await page.getByRole('button', { name: /^Resumable/ }).click();
  const complete: number = await page.evaluate('complete');
  const saved = await saving;
  await saved.path();
  const seconds = (performance.now() - start) / 1000;
  await saved.delete();
  await page.getByRole('button', { name: /^Discard/ }).click();
  await page.getByRole('button', { name: /^Download a\.bin/ }).waitFor();
  return { complete, saved: seconds };
}

async function compare(page: Page): Promise<void> {
  const runs: { readonly own: number; readonly complete: number; readonly saved: number }[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const first = await own(page);
    const second = await resumable(page);
    runs.push({ own: first.saved, ...second });
    console.log(`own ${rate(first.saved)}, complete ${rate(second.complete)}, saved ${rate(second.saved)}`);
  }
  const ratio = (pick: (run: (typeof runs)[number]) => number) => spreadOf(runs.map(pick))?.median.toFixed(2);
  console.log(`complete: ${ratio((run) => run.own / run.complete)} of the browser's own download`);
  console.log(`saved: ${ratio((run) => run.own / run.saved)} of the browser's own download`);
}

function rate(seconds: number): string {
  return `${(size / 1e6 / seconds).toFixed(0)} MB/s`;
}

/** Prints the memory of the tab and of all its processes each second. */
async function watchMemory(context: BrowserContext, page: Page): Promise<void> {
  const devtools = await context.newCDPSession(page);
  const all = await context.browser()?.newBrowserCDPSession();
  const done = resumable(page).then(() => 'saved');
  for (let outcome: string | undefined; outcome === undefined;) {
    outcome = await Promise.race([done, sleep(1000, undefined)]);
    const { usedSize, totalSize, backingStorageSize } = await devtools.send('Runtime.getHeapUsage');
    const processes = (await all?.send('SystemInfo.getProcessInfo'))?.processInfo ?? [];
    const renderers = processes.filter(({ type }) => type === 'renderer').map(({ id }) => residentMib(id));
    const text = await page
      .locator('.figures')
      .first()
      .textContent({ timeout: 1000 })
      .catch(() => '');
    const heap = [usedSize, totalSize, backingStorageSize].map((bytes) => (bytes / MIB).toFixed(1)).join(' / ');
    console.log(`heap used / total / buffers ${heap} MiB; renderers ${renderers.join(', ')} MiB; ${text}`);
  }
}

/** Memory of a process that is no file, in MiB. */
function residentMib(id: number): number {
  const text = execFileSync('sh', ['-c', `grep RssAnon /proc/${id}/status || true`]).toString();
  return Math.round(Number(/\d+/.exec(text)?.[0] ?? 0) / 1024);
}

await inTemporaryFolder(async (folder) => {
  const served = writeServed(folder);
  const pieces = values['no-pieces'] === true ? [] : ['--pieces'];
  const args = [PROGRAM, 'serve', '--dir', served, '--listing', 'html', ...pieces, '--port', '0'];
  const gateway = await startServer({ file: process.execPath, args });
  const proxy = mode === 'far' ? await startShapedProxy(gateway.port, FAR) : undefined;
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), { executablePath, args: FLAGS });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(600_000);
    await page.goto(`http://127.0.0.1:${proxy?.port ?? gateway.port}/`);
    await (mode === 'memory' ? watchMemory(context, page) : compare(page));
  } finally {
    await context.close();
    proxy?.stop();
    await gateway.stop();
  }
});
