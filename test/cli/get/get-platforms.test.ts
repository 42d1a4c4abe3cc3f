import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longBytes } from '../../faults/random.ts';
import { hasServer, startStaticServer } from '../check/static-servers.ts';
import { startServer } from '../commands.ts';
import { getTwice } from './get-twice.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

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

/** Downloads the file in two runs, of which the second one brings what is missing alone. */
async function getHere(url: string): Promise<void> {
  const cwd = await workspace.freshFolder();
  const args = ['--checksum', `sha-256=${DIGEST}`];
  expect(await getTwice({ urls: [url, url], bytes: BYTES, cwd, args })).toBeLessThan(BYTES.length);
}

test('from a gateway on Node', { timeout: 60_000 }, async () => {
  const { url } = await startServer(['serve', '--dir', 'served', '--port', '0'], { cwd: workspace.folder });
  await getHere(`${url}/bucket/file.bin`);
});

test('from a gateway in workerd', { timeout: 120_000 }, async () => {
  const { url } = await startServer(['dev', '--dir', 'served', '--port', '0'], { cwd: workspace.folder });
  await getHere(`${url}/bucket/file.bin`);
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
      await getHere(`${url}/file.bin`);
    }
  },
);

const SERVERS = ['nginx', 'nginx-gzip', 'caddy', 'caddy-gzip', 'apache2'] as const;

describe.each(SERVERS)('from %s', (name) => {
  test.skipIf(!hasServer(name))('a file is continued', { timeout: 60_000 }, async () => {
    const work = await workspace.freshFolder();
    const server = await startStaticServer(name, join(workspace.folder, 'served'), work);
    try {
      await getHere(`${server.url}/bucket/file.bin`);
    } finally {
      await server.stop();
    }
  });
});

test.skipIf(!hasServer('python3'))(
  'from a server that has no ranges, it begins again',
  { timeout: 60_000 },
  async () => {
    const work = await workspace.freshFolder();
    const server = await startStaticServer('python3', join(workspace.folder, 'served'), work);
    try {
      const url = `${server.url}/bucket/file.bin`;
      const cwd = await workspace.freshFolder();
      expect(await getTwice({ urls: [url, url], bytes: BYTES, cwd })).toBeGreaterThanOrEqual(BYTES.length);
    } finally {
      await server.stop();
    }
  },
);
