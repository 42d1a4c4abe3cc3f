/**
 * The whole campaigns, of which the other runs do a tenth: `npm run test:campaigns`. Kills of a process that writes
 * its cache, and of one that downloads; crashes that lose unsynced bytes; schedules of faults, for the gateway and for
 * downloads; histories of objects that are replaced and of transfers, the models of the fill and of the cached store, stored metadata,
 * clients that disconnect, and the fuzzers. About half an hour on two cores, most of it for the kills of downloads.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

const suites = [
  'test/campaigns',
  'test/faults',
  'test/cache/with-block-cache-interleaved.test.ts',
  'test/cache/drivers/disk-restart.test.ts',
  'test/cache/fill.model.test.ts',
  'test/client/engine-crash.test.ts',
  'test/client/engine-faults.test.ts',
  'test/client/engine-killed.test.ts',
  'test/cache/with-block-cache.model.test.ts',
  'test/transfers/coverage.property.test.ts',
  'test/transfers/receipt.property.test.ts',
  'test/transfers/drivers/sqlite-kill.test.ts',
];
// The runner ignores a filter that matches nothing.
for (const path of suites) if (!existsSync(join(root, path))) throw new Error(`${path} does not exist`);

const runs: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['suites', ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', ...suites]],
  // A GiB through the stand-in for CloudFront; skipped with a line on machines without an S3 server.
  ['cdn', ['node_modules/vitest/vitest.mjs', 'run', '--project', 's3', 'test/s3/cloudfront-clients.test.ts']],
  ['fuzz', ['test/fuzz/main.ts']],
];

let failed = 0;
for (const [name, args] of runs) {
  const began = performance.now();
  const env = { ...process.env, RANGEWAY_CAMPAIGN: 'full' };
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) failed++;
  console.log(
    `${name}: ${status === 0 ? 'passed' : 'FAILED'} after ${Math.round((performance.now() - began) / 1000)} s`,
  );
}
process.exitCode = failed;
