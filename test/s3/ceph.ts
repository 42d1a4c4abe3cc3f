import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The timeout of its start, in ms. It takes 13 s on two cores. */
const START_LIMIT = 120_000;

const SCRIPT = join(import.meta.dirname, 'ceph.sh');

/** Whether the machine has Ceph's S3 server. */
export function hasCeph(): boolean {
  return spawnSync('radosgw', ['--version']).error === undefined;
}

/** Starts Ceph's S3 server on loopback, with its state in a folder of its own. */
export async function startCeph(): Promise<{ readonly endpoint: string; readonly stop: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-ceph-'));
  const port = await freePort();
  execFileSync('bash', [SCRIPT, 'up', join(folder, 'state'), String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: START_LIMIT,
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop() {
      execFileSync('bash', [SCRIPT, 'down', join(folder, 'state')]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A free port whose successor, for the monitor, is free too; below the range of ephemeral ports. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 5_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('no two neighbouring ports are free');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
