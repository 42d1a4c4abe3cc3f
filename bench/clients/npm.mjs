/**
 * Downloads a file by a package of npm: `node npm.mjs PACKAGE URL FILE`. Each is used as its README does it, with its own
 * retries and up to eight connections. JavaScript, because types are checked where these packages are not installed.
 */
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [, , name, url, file] = process.argv;
const place = { folder: dirname(file), name: basename(file) };

const downloads = {
  async ipull() {
    const { downloadFile } = await import('ipull');
    const options = { url, directory: place.folder, fileName: place.name, parallelStreams: 8 };
    await (await downloadFile(options)).download();
  },
  async easydl() {
    const { default: EasyDl } = await import('easydl');
    const options = { connections: 8, maxRetry: 10, existBehavior: 'overwrite' };
    if (!(await new EasyDl(url, file, options).wait())) throw new Error('it was not completed');
  },
  async 'node-downloader-helper'() {
    const { DownloaderHelper } = await import('node-downloader-helper');
    const options = {
      fileName: place.name,
      override: true,
      resumeIfFileExists: true,
      resumeOnIncomplete: true,
      removeOnFail: false,
      retry: { maxRetries: 10, delay: 100 },
    };
    const running = new DownloaderHelper(url, place.folder, options);
    await new Promise((resolve, reject) => {
      running.on('end', resolve);
      running.on('error', reject);
      running.start().catch(reject);
    });
  },
  async 'nodejs-file-downloader'() {
    const { Downloader } = await import('nodejs-file-downloader');
    const options = { url, directory: place.folder, fileName: place.name, cloneFiles: false, maxAttempts: 10 };
    await new Downloader(options).download();
  },
  async got() {
    const { default: got } = await import('got');
    // A stream is not repeated by itself: its documentation has this loop, with a Range for what is there.
    for (let attempt = 0; ; attempt++) {
      const start = existsSync(file) ? statSync(file).size : 0;
      const headers = start > 0 ? { range: `bytes=${start}-` } : {};
      try {
        await pipeline(got.stream(url, { headers, decompress: false }), createWriteStream(file, { flags: 'a' }));
        return;
      } catch (error) {
        if (attempt === 10) throw error;
      }
    }
  },
  async undici() {
    const { Agent, RetryAgent } = await import('undici');
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 10, minTimeout: 100, timeoutFactor: 1 });
    const { origin, pathname, search } = new URL(url);
    const { statusCode, body } = await dispatcher.request({ origin, path: `${pathname}${search}`, method: 'GET' });
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    await pipeline(Readable.from(body), createWriteStream(file));
  },
};

try {
  await downloads[name]();
  process.exit(0);
} catch (error) {
  console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
