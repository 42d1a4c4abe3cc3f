import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { OBJECT_PATH } from '../../src/platform/lambda/cdn-links.ts';
import { startBrowser } from '../clients/devtools.ts';
import { workFolder } from '../faults/programs.ts';
import { reportSkipped } from '../full.ts';
import { bytesOf, deploy } from './distribution.ts';
import { hasS3 } from './server.ts';

const hasChromium = spawnSync('chromium', ['--version']).error === undefined;
if (!hasChromium) reportSkipped('a page that reads through the CDN', 'chromium is missing; test/clients/packages.txt');

const LARGE = bytesOf(7, 5_000_000);
const NEW = bytesOf(11, 5_000_001);

/** What a page can see of a response. */
interface Seen {
  readonly status: number;
  readonly range: string | null;
  readonly url: string;
  readonly length: number;
  readonly last: number;
}

test.skipIf(!hasS3 || !hasChromium)('a page of another origin follows the redirects, preflights included', async () => {
  const deployment = await deploy({ isVersioned: true });
  await deployment.put('a.bin', LARGE);
  const site = createServer((_, res) => void res.setHeader('Content-Type', 'text/html').end('<title>page</title>'));
  await once(site.listen(0, '127.0.0.1'), 'listening');
  const address = site.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  using folder = workFolder();
  const browser = await startBrowser(folder.path);
  try {
    const page = await browser.open(`http://127.0.0.1:${address.port}/`);
    const read = (headers: Readonly<Record<string, string>>) =>
      page.evaluate<Seen>(`fetch(${JSON.stringify(`${deployment.url}/a.bin`)}, { headers: ${JSON.stringify(headers)} })
        .then(async (response) => {
          const bytes = new Uint8Array(await response.arrayBuffer());
          const range = response.headers.get('Content-Range');
          return { status: response.status, range, url: response.url, length: bytes.length, last: bytes.at(-1) };
        })`);
    const whole = await read({});
    expect(whole).toMatchObject({ status: 200, length: LARGE.length, last: LARGE.at(-1) });
    expect(new URL(whole.url).pathname).toContain(OBJECT_PATH);
    const head = await fetch(`${deployment.url}/a.bin`, { method: 'HEAD' });
    const etag = head.headers.get('ETag') ?? '';
    // If-Range needs a preflight, at the gateway and again at the address of the object.
    const rest = await read({ Range: 'bytes=1-', 'If-Range': etag });
    expect(rest).toMatchObject({ status: 206, range: `bytes 1-4999999/5000000`, length: LARGE.length - 1 });
    await deployment.put('a.bin', NEW);
    const stale = await read({ Range: 'bytes=1-', 'If-Range': etag });
    expect(stale).toMatchObject({ status: 200, range: null, length: NEW.length, last: NEW.at(-1) });
    expect(new URL(stale.url).pathname).toContain(`${OBJECT_PATH}whole/`);
  } finally {
    await browser.close();
    site.close();
    await deployment.stop();
  }
});
