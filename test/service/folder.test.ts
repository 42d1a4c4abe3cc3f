import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startGateway } from './gateway-process.ts';
import { connectTo, get } from './raw-client.ts';
import { afterTest } from './stage.ts';

/** `rangeway serve --dir` over a new folder. */
async function serveFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-folder-'));
  afterTest(() => rm(folder, { recursive: true, force: true }));
  const gateway = await startGateway(['--dir', folder]);
  afterTest(() => gateway.stop());
  const ask = async (path: string, fields: string) => {
    const client = await connectTo(gateway.port);
    client.socket.end(get(path, fields));
    await client.ended;
    client.socket.destroy();
    const [head = '', body = ''] = client.received().split(/\r\n\r\n([^]*)/);
    return { status: Number(head.slice(9, 12)), head, body };
  };
  return { file: join(folder, 'file.bin'), ask };
}

const DATE = new Date('2024-01-02T03:04:05Z');

test('If-Range by date never joins two versions of a file whose date was set back', async () => {
  const { file, ask } = await serveFolder();
  await writeFile(file, 'version A, the whole of it');
  await utimes(file, DATE, DATE);
  const first = await ask('/file.bin', '');
  expect(first.head).toContain(`Last-Modified: ${DATE.toUTCString()}`);
  // As rsync -t, tar and touch do.
  await writeFile(file, 'VERSION B, THE WHOLE OF IT');
  await utimes(file, DATE, DATE);
  const continued = await ask('/file.bin', `Range: bytes=9-\r\nIf-Range: ${DATE.toUTCString()}\r\n`);
  expect(continued).toMatchObject({ status: 200, body: 'VERSION B, THE WHOLE OF IT' });
});

test('If-Range by date continues a file whose date was not set back', async () => {
  const { file, ask } = await serveFolder();
  await writeFile(file, 'version A, the whole of it');
  const first = await ask('/file.bin', '');
  const date = /\r\nLast-Modified: ([^\r]+)/.exec(first.head)?.[1] ?? '';
  // A date is strong after its second.
  await expect
    .poll(() => ask('/file.bin', `Range: bytes=9-\r\nIf-Range: ${date}\r\n`), { timeout: 5_000, interval: 250 })
    .toMatchObject({ status: 206, body: ', the whole of it' });
});
