/**
 * Builds what is published and what is deployed, and says how large the Workers and the Lambda function are:
 * dist/ by tsc, with the construct of infra/ in dist/cdk and the function that it deploys in dist/lambda, the Workers
 * by wrangler as for a deployment, dry.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { workerStart } from '../bench/measure/bundles.ts';
import { bundleHandler, bundleIndexHandler, FILE, INDEX_FILE } from '../infra/bundle.ts';
import { printTemplate } from '../infra/template.ts';
import { dryRun } from './dry-run.ts';
import { bundleLibraryWorker } from './library-worker.ts';

/**
 * What the Worker with R2 only may weigh, in bytes of gzip: hono, valibot and all of Rangeway. Serving alone takes less
 * than 26 KiB; the cache of blocks with its spares and its two caches, mounts, rules, signed links, checks of settings,
 * observers, parallel reads, and the printing of what strangers stored take the rest. Digest fields take 1.1 KiB, piece
 * indexes with their Metalink 2.9, transfers with their Durable Object, receipts, quotas and import 22.
 * The scripts of pages take 36, and 17 for that of transfers with its style.
 */
const WORKER_LIMIT = 142 * 1024;

/** The Worker over S3 carries the SDK with its presigner, some 95 KiB of it. */
const S3_WORKER_LIMIT = 247 * 1024;

/** The Lambda function carries the SDK too, with its search for credentials, and jose. */
const LAMBDA_LIMIT = 301 * 1024;

/**
 * A Worker of a user of the library with the download handler alone. The goal is 25 KiB; mount() brings the checks of
 * its settings, and every wrapper that a setting can turn on.
 */
const LIBRARY_LIMIT = 48 * 1024;

/** Starts of which the median is told. */
const STARTS = 7;

/** Profiles of a Worker's start of which the median is told: each takes two seconds. */
const PROFILES = 3;

const root = join(import.meta.dirname, '..');

function run(...args: readonly [string, ...string[]]): void {
  const [tool, ...rest] = args;
  execFileSync(join(root, 'node_modules/.bin', tool), rest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', '-p', 'tsconfig.build.json');
run('tsc', '-p', 'tsconfig.build-workers.json');
run('tsc', '-p', 'tsconfig.build-page.json');
buildConstruct();

await bundleWorker('R2 only', 'wrangler.toml', WORKER_LIMIT);
await bundleWorker('S3', 'wrangler.s3.toml', S3_WORKER_LIMIT);
await bundleLibrary();
bundleFunction();
profileStart();

/** Bundles a Worker as for a deployment, and says its size. */
async function bundleWorker(name: string, config: string, limit: number): Promise<void> {
  const { file, output } = await dryRun(config, join(root, 'dist/worker', name.replace(' ', '-')));
  process.stdout.write(output);
  weigh(`Worker with ${name}`, file, limit);
}

/** Bundles the Worker of a user of the library, and says its size. */
async function bundleLibrary(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-library-'));
  const file = join(folder, 'worker.js');
  await bundleLibraryWorker(file);
  weigh('Worker with the download handler of the library alone', file, LIBRARY_LIMIT);
  rmSync(folder, { recursive: true });
}

/** Says the CPU time of the start of the Worker with everything on. */
function profileStart(): void {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-start-'));
  const source = { name: 'everything', folder: import.meta.dirname, config: 'everything.toml' };
  const [median = 0] = Array.from({ length: PROFILES }, () => workerStart(source, folder))
    .toSorted((a, b) => a - b)
    .slice(Math.floor(PROFILES / 2));
  rmSync(folder, { recursive: true });
  const time = (median / 1000).toFixed(1);
  console.log(`Worker with everything on: ${time} ms of CPU at its start, the median of ${PROFILES} profiles`);
}

/** Compiles infra/ into dist/cdk, where the modules of src/ are a folder up, and no folder `src` is between. */
function buildConstruct(): void {
  const compiled = mkdtempSync(join(tmpdir(), 'rangeway-cdk-'));
  run('tsc', '-p', 'tsconfig.build-cdk.json', '--outDir', compiled);
  const out = join(root, 'dist/cdk');
  mkdirSync(out);
  for (const file of readdirSync(join(compiled, 'infra'))) {
    const text = readFileSync(join(compiled, 'infra', file), 'utf8');
    writeFileSync(join(out, file), text.replaceAll(/(["'])\.\.\/src\//g, '$1../'));
  }
  rmSync(compiled, { recursive: true });
}

/** Bundles the Lambda function as for a deployment, and says its size and how long it takes to start. */
function bundleFunction(): void {
  const out = join(root, 'dist/lambda');
  mkdirSync(out);
  bundleHandler(join(root, 'src/platform/lambda/function.ts'), out);
  bundleIndexHandler(join(root, 'src/platform/lambda/index-function.ts'), out);
  // For deployments without the CDK: docs/aws.md.
  writeFileSync(join(root, 'dist/template.json'), printTemplate(out, 'lambda'));
  const file = join(out, FILE);
  weigh('Lambda function', file, LAMBDA_LIMIT);
  weigh('Lambda function of piece indexes', join(out, INDEX_FILE), LAMBDA_LIMIT);
  const [median] = Array.from({ length: STARTS }, () => timeImport(file))
    .toSorted((a, b) => a - b)
    .slice(Math.floor(STARTS / 2));
  console.log(`Lambda function: imported in ${median} ms on this machine, the median of ${STARTS} cold processes`);
}

/** @returns whole ms that a process of its own takes to import a module, with as little environment as Lambda needs */
function timeImport(file: string): number {
  const url = JSON.stringify(pathToFileURL(file).href);
  const script = `const start = performance.now(); await import(${url}); console.log(Math.round(performance.now() - start));`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { RANGEWAY_BUCKET: 'bucket', AWS_REGION: 'us-east-1' },
      encoding: 'utf8',
    }),
  );
}

function weigh(name: string, file: string, limit: number): void {
  const content = readFileSync(file);
  const gzip = gzipSync(content, { level: 9 }).length;
  console.log(`${name}: ${kib(content.length)}, gzip ${kib(gzip)} of ${kib(limit)} allowed`);
  if (gzip > limit) throw new Error(`the ${name} is larger than it may be`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
