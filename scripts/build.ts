/**
 * Builds what is published and what is deployed, and says how large the Workers are:
 * dist/ by tsc, the Workers by wrangler as for a deployment, dry.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What the Worker with R2 only may weigh, in bytes of gzip: hono, valibot and all of Rangeway. */
const WORKER_LIMIT = 30 * 1024;

/** The Worker over S3 carries the SDK, some 90 KiB of it. */
const S3_WORKER_LIMIT = 140 * 1024;

const root = join(import.meta.dirname, '..');

function run(...args: readonly [string, ...string[]]): void {
  const [tool, ...rest] = args;
  execFileSync(join(root, 'node_modules/.bin', tool), rest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', '-p', 'tsconfig.build.json');
run('tsc', '-p', 'tsconfig.build-workers.json');

bundleWorker('R2 only', [], WORKER_LIMIT);
bundleWorker('S3', ['--env', 's3'], S3_WORKER_LIMIT);

/** Bundles a Worker of wrangler.toml as for a deployment, and says its size. */
function bundleWorker(name: string, args: readonly string[], limit: number): void {
  const out = join(root, 'dist/worker', name.replace(' ', '-'));
  run('wrangler', 'deploy', '--dry-run', '--minify', '--outdir', out, ...args);
  const bundle = readdirSync(out).find((file) => file.endsWith('.js'));
  if (bundle === undefined) throw new Error('wrangler made no bundle');
  const content = readFileSync(join(out, bundle));
  const gzip = gzipSync(content, { level: 9 }).length;
  console.log(`Worker with ${name}: ${kib(content.length)}, gzip ${kib(gzip)} of ${kib(limit)} allowed`);
  if (gzip > limit) throw new Error(`the Worker with ${name} is larger than it may be`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
