/** A download by `rangeway/client` in a page of another origin than the gateway. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from './devtools.ts';

interface Downloaded {
  readonly hex: string;
  readonly verification: string;
  readonly requests: number;
  readonly pauses: number;
}

/** Runs in the page. The sink keeps the file in memory, and the download is paused once in its middle. */
const DOWNLOAD = `(async (url, hex) => {
  let content = new Uint8Array();
  const sink = {
    isSequential: false,
    open: async () => content.length,
    async write(position, bytes) {
      if (content.length < position + bytes.length) {
        const longer = new Uint8Array(Math.max(2 * content.length, position + bytes.length));
        longer.set(content);
        content = longer;
      }
      content.set(bytes, position);
    },
    sync: async () => undefined,
    empty: async () => void (content = new Uint8Array()),
    digest: async (_, size) => toHex(await crypto.subtle.digest('SHA-256', content.subarray(0, size))),
    finish: async () => undefined,
    close: async () => undefined,
  };
  const toHex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
  let requests = 0;
  const fetcher = (request) => (requests++, rangeway.webFetcher()(request));
  const checksum = rangeway.parseChecksum('sha-256=' + hex);
  const running = rangeway.download(url, { sink, fetcher, connections: 4, checksum, rateLimit: 30_000_000 });
  while (running.progress.written === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await running.pause();
  const pauses = running.progress.phase === 'paused' ? 1 : 0;
  running.resume();
  const { size, verification } = await running.done;
  return { hex: await sink.digest('', size), verification: verification.type, requests, pauses };
})`;

/** Downloads a file through several connections, with a pause, and compares all of it. */
export async function downloadInPage(page: Page, url: string, bytes: Buffer): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../src/client/index.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'rangeway',
    platform: 'browser',
    logLevel: 'silent',
  });
  const [{ text } = { text: '' }] = outputFiles;
  // A declaration in an evaluated script is a global of the page; a function around it would hide it.
  await page.evaluate(`(globalThis.rangeway = (() => { ${text}; return rangeway; })(), true)`);
  const hex = createHash('sha256').update(bytes).digest('hex');
  const found = await page.evaluate<Downloaded>(`${DOWNLOAD}(${JSON.stringify(url)}, ${JSON.stringify(hex)})`);
  const isRight = found.hex === hex && found.verification === 'digest' && found.pauses === 1 && found.requests > 1;
  if (!isRight) throw new Error(`a download by rangeway/client: ${JSON.stringify(found)}`);
  return `a file of another origin by rangeway/client in ${found.requests} requests, paused and verified`;
}
