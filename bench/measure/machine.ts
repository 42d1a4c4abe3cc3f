import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** Describes the machine of the run. */
export function describeMachine(): Record<string, string> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: String(cpus().length),
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `Linux ${release().split('-')[0] ?? ''}`,
  };
}

const ROOT = join(import.meta.dirname, '../..');

/** Versions of all programs that are measured or measure. A program that is not installed is left out. */
export function describeVersions(): Record<string, string> {
  const versions = {
    rangeway: packageVersion(''),
    node: process.versions.node,
    workerd: packageVersion('node_modules/workerd'),
    miniflare: packageVersion('node_modules/miniflare'),
    '@aws-sdk/client-s3': packageVersion('node_modules/@aws-sdk/client-s3'),
    render2: packageVersion('bench/node_modules/render2'),
    s3proxy: packageVersion('bench/node_modules/s3proxy'),
    "s3proxy's @aws-sdk/client-s3": packageVersion('bench/node_modules/@aws-sdk/client-s3'),
    nginx: programVersion('nginx', '-v'),
    rclone: programVersion('rclone', 'version'),
    radosgw: programVersion('radosgw', '--version'),
  };
  return Object.fromEntries(
    Object.entries(versions).flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])),
  );
}

/**
 * The commit of a checkout, with a remark if its files differ from it.
 *
 * @returns `undefined` if the folder is no checkout, or git is not installed
 */
export function describeCommit(folder: string): string | undefined {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit} with changes`;
  } catch {
    return undefined;
  }
}

function packageVersion(folder: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : undefined;
  } catch {
    return undefined;
  }
}

function programVersion(program: string, option: string): string | undefined {
  try {
    // nginx prints its version to stderr.
    const output = execFileSync('sh', ['-c', `${program} ${option} 2>&1`], { encoding: 'utf8' });
    return /\d+\.\d+\.\d+/.exec(output)?.[0];
  } catch {
    return undefined;
  }
}
