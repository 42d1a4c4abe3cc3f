import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../bench/free-port.ts';

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
