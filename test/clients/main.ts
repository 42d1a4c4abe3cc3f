/**
 * Runs every client against every platform: `npm run test:clients`, or `npm run test:clients -- node curl,wget` for
 * one platform and some clients. Needs the Debian packages of packages.txt.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { generateLinkKey, parseLinkKeys, signedAccess } from '../../src/access/index.ts';
import { listFiles } from '../../src/cli/dev/files.ts';
import { fill } from '../../src/cli/dev/fill.ts';
import { createGateway, fsStore } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { startWorkerd } from '../../src/cli/dev/workerd.ts';

/** A gateway over the fixtures in a folder; below `/signed` they are behind links. */
interface Gateway {
  readonly url: string;
  /** Replaces an object by a file, atomically. */
  replace(key: string, path: string): Promise<void>;
  stop(): Promise<void>;
}

const platforms: Readonly<Record<string, (dir: string, keys: string) => Promise<Gateway>>> = {
  async node(dir, keys) {
    const store = fsStore(dir);
    const signed = { path: '/signed', store, access: signedAccess(parseLinkKeys(keys)) };
    const server = await serve(
      createGateway({
        mounts: [{ store, listing: 'html', listingLimit: 5_000 }, signed],
        observers: [{ end: () => undefined }],
      }),
      {
        port: 0,
      },
    );
    return {
      url: server.url,
      replace: (key, path) => rename(path, join(dir, key)),
      stop: () => server.stop(1_000),
    };
  },
  async workerd(dir, keys) {
    const config = join(import.meta.dirname, 'wrangler.toml');
    const variables = { RANGEWAY_KEYS: keys };
    const workerd = await startWorkerd({ config, host: '127.0.0.1', port: 0, variables });
    await fill(workerd.bucket, await listFiles(dir), () => undefined);
    return {
      url: workerd.url,
      replace: async (key, path) => workerd.bucket.put(key, { path, size: (await stat(path)).size, mark: path }),
      stop: () => workerd.stop(),
    };
  },
};

/** Takes `PUT /KEY` from replace.ts, which the clients' scripts call. */
async function startReplacing(gateway: Gateway, dir: string) {
  let count = 0;
  const server = createServer((req, res) => {
    // Beside the folder that is served and on the same file system, so that it can be moved there.
    const path = `${dir}-replacement-${count++}`;
    const key = decodeURIComponent((req.url ?? '').slice(1));
    pipeline(req, createWriteStream(path))
      .then(() => gateway.replace(key, path))
      .then(
        () => res.writeHead(204).end(),
        (error: unknown) => res.writeHead(500).end(String(error)),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

async function runAgainst(name: string, only: string | undefined): Promise<boolean> {
  const start = platforms[name];
  if (start === undefined)
    throw new Error(`there is no platform ${name}; there are ${Object.keys(platforms).join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'rangeway-clients-'));
  const dir = join(folder, 'served');
  execFileSync('bash', [join(import.meta.dirname, 'fixtures.sh'), dir], { stdio: 'inherit' });
  const keys = generateLinkKey('clients');
  const keyFile = join(folder, 'keys');
  await writeFile(keyFile, keys);
  const gateway = await start(dir, keys);
  const replacing = await startReplacing(gateway, dir);
  console.log(`\n== real clients against ${name}`);
  const replace = `${process.execPath} ${join(import.meta.dirname, 'replace.ts')} ${replacing.url}`;
  const args = [
    '--base',
    gateway.url,
    '--dir',
    dir,
    '--replace',
    replace,
    '--sign',
    `${process.execPath} ${join(import.meta.dirname, '../../src/cli/main.ts')} sign --keys ${keyFile}`,
    ...(only === undefined ? [] : ['--only', only]),
  ];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  replacing.close();
  await gateway.stop();
  await rm(folder, { recursive: true });
  return code === 0;
}

const [platform, only] = process.argv.slice(2);
let passed = true;
for (const name of platform === undefined ? Object.keys(platforms) : [platform]) {
  passed = (await runAgainst(name, only)) && passed;
}
process.exit(passed ? 0 : 1);
