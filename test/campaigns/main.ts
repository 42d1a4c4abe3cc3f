/**
 * The whole campaigns, of which the other runs do a tenth: `npm run test:campaigns`. Kills of a process that writes
 * its cache, schedules of faults, histories of objects that are replaced, the models of the fill and of the cached store,
 * stored metadata, clients that disconnect, and the fuzzers. About three minutes on two cores.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

const suites = [
  'test/campaigns',
  'test/faults',
  'test/store/blocks-interleaved',
  'test/cache/disk-restart',
  'test/cache/fill.model',
  'test/cache/with-block-cache.model',
];

const runs: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['suites', ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', ...suites]],
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
