/**
 * Takes the picture of README: a listing with a download under way, in Debian's Chromium, from a gateway that
 * `rangeway serve` starts. `node scripts/listing-picture.ts [FILE]`, by default docs/images/listing.png.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..');
const MIB = 1024 * 1024;
/** In bytes: README is read over slow connections too. */
const MAX_BYTES = 150_000;
/** Of each connection, in bytes a second, so that the download takes some seconds. */
const RATE = 9 * MIB;

/** The files that are shown: size in bytes, and age in days. */
const FILES: Readonly<Record<string, readonly [size: number, age: number]>> = {
  'README.md': [0, 3],
  SHA256SUMS: [412, 3],
  'app-2.1.0-linux-x64.tar.gz': [88.4 * MIB, 3],
  'app-2.1.0-macos-arm64.dmg': [94.1 * MIB, 3],
  'app-2.1.0-windows-x64.exe': [90.7 * MIB, 3],
  'model-q4.safetensors': [768 * MIB, 12],
  'nightly/app.tar.gz': [1, 0],
};
const SHOWN = 'model-q4.safetensors';
const README = '# Releases\n\nDownloads can be paused and resumed, also tomorrow.\n';

function writeFiles(folder: string): void {
  for (const [name, [size, age]] of Object.entries(FILES)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, name === 'README.md' ? README : '');
    if (size > 0) truncateSync(file, Math.round(size));
    const date = new Date(Date.now() - age * 86_400_000 - 3_600_000);
    utimesSync(file, date, date);
  }
}

/** Starts a command of this project, and waits for a line of its output that matches. */
async function start(args: readonly string[], line: RegExp, folder: string) {
  const main = join(ROOT, 'src/cli/main.ts');
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  for await (const chunk of child.stderr) {
    output += String(chunk);
    const match = line.exec(output);
    if (match !== null) return { child, match };
  }
  throw new Error(output);
}

/** Passes connections on to a server, each at the rate. */
async function slowPort(target: URL): Promise<number> {
  const server = createServer((client) => {
    const storage = connect(Number(target.port), target.hostname);
    const slow = new Transform({
      transform: (chunk: Buffer, _, done) => void setTimeout(() => done(null, chunk), (chunk.length / RATE) * 1000),
    });
    for (const socket of [client, storage]) socket.on('error', () => [client, storage].map((one) => one.destroy()));
    client.pipe(storage);
    storage.pipe(slow).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  server.unref();
  const { port }: AddressInfo | { port: number } = Object(server.address());
  return port;
}

/** Starts the download, and waits until 38 % of it are there. */
async function download(page: Page): Promise<void> {
  // The picker of files is a window of the system, and in no picture.
  await page.evaluate('void (window.showSaveFilePicker = undefined)');
  await page.getByRole('button', { name: `Resumable download of ${SHOWN}` }).click();
  const bar = page.getByRole('progressbar');
  while (Number(await bar.getAttribute('aria-valuenow', { timeout: 60_000 })) < 38) await wait(100);
  await page.mouse.move(0, 0);
}

const picture = process.argv[2] ?? join(ROOT, 'docs/images/listing.png');
const folder = mkdtempSync(join(tmpdir(), 'rangeway-picture-'));
writeFiles(folder);
const args = ['serve', '--dir', '.', '--listing', 'html', '--pieces', '--port', '0'];
const { child, match } = await start(args, /served at (http:\/\/[\d.]+:\d+)\//, folder);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const port = await slowPort(new URL(match[1] ?? ''));
  const page = await browser.newPage({ viewport: { width: 960, height: 545 }, deviceScaleFactor: 1.5 });
  await page.goto(`http://127.0.0.1:${port}/`);
  await download(page);
  mkdirSync(dirname(picture), { recursive: true });
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
  child.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
const { size } = statSync(picture);
if (size > MAX_BYTES) throw new Error(`${picture} has ${size} bytes, more than ${MAX_BYTES}`);
console.log(`${picture}: ${size} bytes`);
process.exit();
