import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const WRANGLER = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');

/** A Worker as it would be uploaded. */
export interface DryRun {
  /** The only module. */
  readonly file: string;
  /** Lines of wrangler, warnings included. */
  readonly output: string;
  /** The compressed size that wrangler tells, in bytes. */
  readonly uploaded: number;
}

/**
 * Deploys a Worker of this project, but uploads nothing.
 *
 * @param config its wrangler file
 * @param out an empty folder
 * @param args further arguments of `wrangler deploy`
 * @throws if wrangler fails; the error has its lines as `stdout` and `stderr`
 */
export async function dryRun(config: string, out: string, args: readonly string[] = []): Promise<DryRun> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', '--config', config, '--dry-run', '--outdir', out, ...args],
    { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' } },
  );
  const output = stdout + stderr;
  const [, kib] = /gzip: ([\d.]+) KiB/.exec(output) ?? [];
  if (kib === undefined) throw new Error(`wrangler told no size: ${output}`);
  const [module, ...others] = readdirSync(out).filter((file) => file.endsWith('.js'));
  if (module === undefined || others.length > 0) throw new Error(`wrangler made not one module, but ${others.length}`);
  return { file: join(out, module), output, uploaded: Number(kib) * 1024 };
}
