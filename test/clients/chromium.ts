/**
 * Chromium: downloads that are cut (and changed) midway, and a page of another origin that plays a film and reads a
 * document by ranges. Run as the shell scripts beside it are; what it is given is described in run.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadInPage } from './chromium-download.ts';
import { playFilm, readDocument } from './chromium-page.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { startBrowser, type Browser } from './devtools.ts';

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see run.ts`);
  return value;
};
const base = setting('BASE_URL');
const dir = setting('DIR');
const work = setting('WORK');

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Replaces a served object by a file. */
const replace = (key: string, file: string): void =>
  void execFileSync('bash', ['-c', '$REPLACE "$@"', 'replace', key, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

/** Signs a link for a served file that is refused without one. */
const sign = (key: string): string =>
  execFileSync('bash', ['-c', '$SIGN "$@" --expires 10m 2>/dev/null', 'sign', `${base}/signed/${key}`])
    .toString()
    .trim();

/** Opens a URL that is downloaded, and gives the path of the file once Chromium calls it complete. */
async function download(browser: Browser, url: string): Promise<string> {
  const folder = join(work, 'downloads');
  mkdirSync(folder, { recursive: true });
  await browser.send('Browser.setDownloadBehavior', {
    behavior: 'allowAndName',
    downloadPath: folder,
    eventsEnabled: true,
  });
  const complete = new Promise<string>((resolve) => {
    let guid: unknown;
    browser.on('Browser.downloadWillBegin', (event) => {
      if (event['url'] === url) guid = event['guid'];
    });
    browser.on('Browser.downloadProgress', (event) => {
      // An interruption is reported as "canceled" even if Chromium continues after it: it says nothing here.
      if (event['guid'] === guid && event['state'] === 'completed') resolve(join(folder, String(guid)));
    });
  });
  await browser.send('Target.createTarget', { url });
  const late = sleep(20_000).then(() => Promise.reject(new Error(`${url} was not complete after 20 s`)));
  return Promise.race([complete, late]);
}

/** Downloads with one cut at about `bytes`; tells what Chromium asked for when it came back. */
async function downloadWithCut(browser: Browser, key: string, bytes: number, onCut = () => {}) {
  const url = new URL(`${base}/${key}`);
  const heads: string[] = [];
  const proxy = await startCuttingProxy({
    listen: 0,
    target: { host: url.hostname, port: Number(url.port || 80) },
    bytes,
    cuts: 1,
    // After a reset Chromium waits for its user to press "resume"; after a body that ends too early it continues at once.
    closes: true,
    onCut,
    onRequest: (head) => void heads.push(head),
  });
  try {
    url.port = String(proxy.port);
    const file = await download(browser, url.href);
    must(proxy.cutsMade() === 1, `${key} was downloaded without a cut`);
    const [first, again, ...more] = heads.filter((head) => head.startsWith(`GET ${url.pathname} `));
    must(first !== undefined && again !== undefined && more.length === 0, `${key} took ${heads.length} requests`);
    const sent = (name: string) => new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(again)?.[1] ?? '';
    return { file: readFileSync(file), range: sent('range'), ifRange: sent('if-range') };
  } finally {
    proxy.close();
  }
}

async function downloads(browser: Browser): Promise<string> {
  const large = readFileSync(join(dir, 'large.bin'));
  const cut = await downloadWithCut(browser, 'large.bin', 20_000_000);
  must(cut.file.equals(large), 'the download that was cut has other bytes');
  // Without a strong tag Chromium starts over.
  must(/^bytes=[1-9]\d*-$/.test(cut.range), `after the cut it asked for "${cut.range}"`);
  must(/^"[^"]+"$/.test(cut.ifRange), `after the cut it sent If-Range: "${cut.ifRange}"`);

  // Both versions are of one size, so nothing but the tag tells them apart.
  const [old, current] = [large.subarray(0, 12_000_001), large.subarray(-12_000_001)];
  writeFileSync(join(work, 'old'), old);
  writeFileSync(join(work, 'current'), current);
  replace('changing.bin', join(work, 'old'));
  const changed = await downloadWithCut(browser, 'changing.bin', 5_000_000, () =>
    replace('changing.bin', join(work, 'current')),
  );
  must(changed.file.equals(current), 'a file that changed at the cut is not wholly the new one');
  return `a download cut and continued with ${cut.range} and If-Range, one that changed at the cut got whole`;
}

/** A server of its own port, which makes it another origin than the gateway. */
async function servePage() {
  const html = readFileSync(join(import.meta.dirname, 'chromium-page.html'));
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  must(address !== null && typeof address === 'object', 'the server of the page has no port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => void server.close() };
}

async function main(): Promise<string> {
  const site = await servePage();
  const browser = await startBrowser(work);
  try {
    const downloaded = await downloads(browser);
    const page = await browser.open(site.url);
    const film = await playFilm(page, `${base}/film.mp4`, [55, 12, 40, 0.5]);
    const signed = await playFilm(page, sign('film.mp4'), [30, 5]);
    const paper = await readDocument(page, `${base}/paper.pdf`, readFileSync(join(dir, 'paper.pdf')));
    const engine = await downloadInPage(page, `${base}/large.bin`, readFileSync(join(dir, 'large.bin')));
    return [browser.version, downloaded, engine, film, `${signed} with one signed link`, paper].join(', ');
  } finally {
    await browser.close();
    site.close();
  }
}

try {
  console.log(`ok chromium: ${await main()}`);
  process.exit(0);
} catch (error) {
  console.error(`chromium: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
