/**
 * Builds what is published and what is deployed, and says how large the Worker is:
 * dist/ by tsc, the Worker by wrangler as for a deployment, dry.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What the Worker with R2 only may weigh, in bytes of gzip: hono, valibot and all of Rangeway. */
const WORKER_LIMIT = 30 * 1024;

const root = join(import.meta.dirname, '..');

function run(...args: readonly [string, ...string[]]): void {
  const [tool, ...rest] = args;
  execFileSync(join(root, 'node_modules/.bin', tool), rest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', '-p', 'tsconfig.build.json');
run('tsc', '-p', 'tsconfig.build-workers.json');

const out = join(root, 'dist/worker');
run('wrangler', 'deploy', '--dry-run', '--minify', '--outdir', out);
const bundles = readdirSync(out).filter((name) => name.endsWith('.js'));
for (const name of bundles) {
  const size = statSync(join(out, name)).size;
  const gzip = gzipSync(readFileSync(join(out, name)), { level: 9 }).length;
  console.log(`Worker with R2 only, ${name}: ${kib(size)}, gzip ${kib(gzip)} of ${kib(WORKER_LIMIT)} allowed`);
  if (gzip > WORKER_LIMIT) throw new Error(`${name} is larger than it may be`);
}
if (bundles.length === 0) throw new Error('wrangler made no bundle');

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
