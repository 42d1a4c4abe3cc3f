import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { longBytes } from '../../faults/random.ts';
import { start, startServer } from '../commands.ts';
import { getIn, openWorkspace, type Workspace } from './workspace.ts';

// More than Lambda sends in one response, so that it redirects to the storage.
const BYTES = longBytes(7_000_000);
const DIGEST = createHash('sha256').update(BYTES).digest('hex');

let workspace: Workspace;
beforeAll(async () => {
  workspace = await openWorkspace();
  await mkdir(join(workspace.folder, 'served/bucket'), { recursive: true });
  await writeFile(join(workspace.folder, 'served/bucket/file.bin'), BYTES);
});
afterAll(() => workspace.close());

/** Downloads a file in two runs: one that is killed, and one that continues. */
async function getTwice(url: string): Promise<void> {
  const cwd = await workspace.freshFolder();
  const args = [url, '-o', 'file.bin', '--checksum', `sha-256=${DIGEST}`];
  const { child } = start(['get', ...args, '--limit-rate', '2MiB'], { cwd });
  const closed = once(child, 'close');
  while ((await readFile(join(cwd, 'file.bin.rangeway'), 'utf8').catch(() => '')) === '') {
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  await closed;
  const { code, err, files } = await getIn(cwd, ...args);
  expect([code, files], err).toEqual([0, ['file.bin']]);
  expect(Buffer.compare(await readFile(join(cwd, 'file.bin')), BYTES)).toBe(0);
}

test('from a gateway on Node', { timeout: 60_000 }, async () => {
  const { url } = await startServer(['serve', '--dir', 'served', '--port', '0'], { cwd: workspace.folder });
  await getTwice(`${url}/bucket/file.bin`);
});

test('from a gateway in workerd', { timeout: 120_000 }, async () => {
  const { url } = await startServer(['dev', '--dir', 'served', '--port', '0'], { cwd: workspace.folder });
  await getTwice(`${url}/bucket/file.bin`);
});

test(
  'from a gateway on Lambda, through its redirects, and from one that sends parts',
  { timeout: 120_000 },
  async () => {
    // The storage: paths are keys, and signatures are not compared.
    const { url: endpoint } = await startServer(['serve', '--dir', 'served', '--port', '0'], { cwd: workspace.folder });
    for (const overflow of ['redirect', 'partial']) {
      const args = [
        'lambda',
        '--s3',
        'bucket',
        '--endpoint',
        endpoint,
        '--path-style',
        '--port',
        '0',
        '--overflow',
        overflow,
      ];
      const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
      const { url } = await startServer(args, { cwd: workspace.folder, env });
      await getTwice(`${url}/file.bin`);
    }
  },
);

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!hasPython)('from a server that has no ranges', { timeout: 60_000 }, async () => {
  const args = ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1'];
  const python = spawn('python3', args, { cwd: join(workspace.folder, 'served'), stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = await once(python.stdout, 'data');
    const [, port = ''] = /port (\d+)/.exec(String(line)) ?? [];
    await getTwice(`http://127.0.0.1:${port}/bucket/file.bin`);
  } finally {
    python.kill('SIGKILL');
  }
});
