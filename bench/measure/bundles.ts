import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundleHandler } from '../../infra/bundle.ts';

const ROOT = join(import.meta.dirname, '../..');
const WRANGLER = join(ROOT, 'node_modules/.bin/wrangler');

/** A Worker that wrangler deploys. */
export interface WorkerSource {
  readonly name: string;
  /** The folder of its configuration. */
  readonly folder: string;
  /** The file there. By default `wrangler.toml`. */
  readonly config?: string;
}

/** Rangeway over R2, as it is deployed by default. */
export const RANGEWAY_R2: WorkerSource = { name: 'rangeway-r2', folder: ROOT };
/** Rangeway over S3. */
export const RANGEWAY_S3: WorkerSource = { name: 'rangeway-s3', folder: ROOT, config: 'wrangler.s3.toml' };
/** npm's render2. */
export const RENDER2: WorkerSource = {
  name: 'render2',
  folder: join(import.meta.dirname, '../contestants/workers/render2'),
};

/** Whether the peers of bench/package.json are installed. */
export function hasPeers(): boolean {
  return existsSync(join(import.meta.dirname, '../node_modules/s3proxy'));
}

/**
 * Bundles a Worker as for a deployment.
 *
 * @returns its size in bytes, compressed by gzip
 */
export function workerSize({ name, folder, config = 'wrangler.toml' }: WorkerSource, temp: string): number {
  const out = join(temp, name);
  runWrangler(['deploy', '-c', config, '--dry-run', '--minify', '--outdir', out], folder);
  const file = readdirSync(out).find((one) => one.endsWith('.js'));
  if (file === undefined) throw new Error(`wrangler made no bundle of ${name}`);
  return gzipped(join(out, file));
}

/**
 * Measures the CPU time of a Worker's start by `wrangler check startup`: the samples of the profile that are not idle. A
 * sample is taken about every millisecond, so shorter starts are measured as 0.
 *
 * @returns µs
 */
export function workerStart({ name, folder, config = 'wrangler.toml' }: WorkerSource, temp: string): number {
  const file = join(temp, `${name}.cpuprofile`);
  runWrangler(['check', 'startup', '-c', config, '--outfile', file, `--args=-c ${config}`], folder);
  return busyTime(JSON.parse(readFileSync(file, 'utf8')));
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function busyTime({ nodes, samples, timeDeltas }: Profile): number {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id));
  return samples.reduce((sum, id, i) => (idle.has(id) ? sum : sum + (timeDeltas[i] ?? 0)), 0);
}

function runWrangler(args: readonly string[], cwd: string): void {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
  execFileSync(process.execPath, [WRANGLER, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A module for Node in one file. */
export interface NodeBundle {
  readonly name: string;
  readonly path: string;
  /** In bytes, compressed by gzip. */
  readonly size: number;
}

/** Bundles the Lambda function as it is deployed. */
export function lambdaBundle(temp: string): NodeBundle {
  const folder = join(temp, 'lambda');
  mkdirSync(folder, { recursive: true });
  bundleHandler(join(ROOT, 'src/platform/lambda/function.ts'), folder);
  const path = join(folder, 'index.mjs');
  return { name: 'lambda', path, size: gzipped(path) };
}

/** Bundles npm's s3proxy, which is not a Lambda function, but the largest part of one. */
export async function s3proxyBundle(temp: string): Promise<NodeBundle> {
  const path = join(temp, 's3proxy.mjs');
  const folder = join(import.meta.dirname, '..');
  const home = JSON.stringify(pathToFileURL(join(folder, 'package.json')).href);
  await build({
    stdin: { contents: `export { S3Proxy } from 's3proxy';`, resolveDir: folder },
    outfile: path,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // s3proxy reads its own package.json relative to import.meta.url.
    define: { 'import.meta.url': home },
    // CommonJS modules inside the ES module call `require`.
    banner: { js: `import { createRequire as r } from 'node:module'; const require = r(${home});` },
    legalComments: 'none',
    logLevel: 'silent',
  });
  return { name: 's3proxy', path, size: gzipped(path) };
}

/** Measures how long Node takes to load a module in a new process; in ms. */
export function importTime({ path }: NodeBundle): number {
  const script = `const t = performance.now(); await import(process.argv[1]); process.stdout.write(String(performance.now() - t));`;
  const env = { PATH: process.env['PATH'], AWS_REGION: 'us-east-1', RANGEWAY_BUCKET: 'bench' };
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script, path], { env }));
}

function gzipped(path: string): number {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}
