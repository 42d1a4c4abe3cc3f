import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { reportSkipped } from '../full.ts';
import { fillFixtureBucket, type FixtureBucket } from './fixture-bucket.ts';

/** The address of the S3 server of the tests; `null` if the machine has none. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly s3Endpoint: string | null;
    readonly s3Fixtures: FixtureBucket;
  }
}

/** The timeout of its start, in ms. It takes 13 s on two cores. */
const START_LIMIT = 120_000;

const SCRIPT = join(import.meta.dirname, 'ceph.sh');

/** Starts the S3 server once for all tests of the project, and stops it after them. */
export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (spawnSync('radosgw', ['--version']).error !== undefined) {
    reportSkipped('every test over S3', 'because radosgw is not installed; the packages are in test/s3/packages.txt');
    project.provide('s3Endpoint', null);
    project.provide('s3Fixtures', { bucket: 'none', storedAt: 0 });
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-ceph-'));
  const port = await freePort();
  execFileSync('bash', [SCRIPT, 'up', join(folder, 'state'), String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: START_LIMIT,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  project.provide('s3Endpoint', endpoint);
  project.provide('s3Fixtures', await fillFixtureBucket(endpoint));
  return () => {
    execFileSync('bash', [SCRIPT, 'down', join(folder, 'state')]);
    rmSync(folder, { recursive: true, force: true });
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
