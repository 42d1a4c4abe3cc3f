import { errorCode } from '../base/error-code.ts';
import { STORAGE_ADDRESS, withoutUser } from '../config/urls.ts';
import type { Config } from '../platform/checked-config.ts';
import { usageError } from './usage.ts';

/** The configuration of a Worker: a wrangler.toml. */
export interface WorkerFile {
  /** The settings: its variable RANGEWAY. */
  readonly input: unknown;
  /** The names of its other variables, and of the secrets that it requires. */
  readonly variables: ReadonlySet<string>;
  /** The bindings of R2 buckets. */
  readonly buckets: readonly string[];
  /** The variables of the Worker over S3, for a file that has one of them. */
  readonly s3: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads the configuration of a Worker as wrangler does.
 *
 * @param option the environment; by default the variable CLOUDFLARE_ENV, as in wrangler
 * @throws UsageError if wrangler can't read it, or if it has no such environment
 */
export async function readWorkerFile(name: string, option: string | undefined): Promise<WorkerFile> {
  const env = option ?? process.env['CLOUDFLARE_ENV'] ?? '';
  const { definedEnvironments = [], vars, r2_buckets, secrets } = await readWrangler(name, env);
  // Of a file without environments wrangler takes the top level, and only warns.
  if (env !== '' && definedEnvironments.length === 0) {
    const hint = env === 's3' ? '; the Worker over S3 has a file of its own: wrangler deploy -c wrangler.s3.toml' : '';
    throw usageError(`${name}: there is no environment "${env}", it has none${hint}`);
  }
  // Values of secrets are not in the file: they are kept where the Worker is deployed.
  const { RANGEWAY: input = {}, ...others }: Record<string, unknown> = vars;
  const s3 = Object.entries(others).filter(([variable]) => variable.startsWith('S3_'));
  return {
    input,
    variables: new Set([...Object.keys(others), ...(secrets?.required ?? [])]),
    buckets: r2_buckets.map(({ binding }: { readonly binding: string }) => binding),
    s3: s3.length === 0 ? undefined : Object.fromEntries(s3),
  };
}

async function readWrangler(name: string, env: string) {
  const { unstable_readConfig } = await loadWrangler();
  try {
    return unstable_readConfig({ config: name, env }, { hideWarnings: true });
  } catch (error) {
    throw usageError(`${name}: ${error instanceof Error ? error.message : 'it can not be read'}`, error);
  }
}

/** Loads wrangler only if it is needed: that takes a second, and it is an optional dependency. */
async function loadWrangler() {
  try {
    return await import('wrangler');
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw usageError('a wrangler.toml is read by wrangler: npm install --save-dev wrangler', error);
  }
}

/**
 * Checks what the Worker would refuse at its start, beside its settings: bindings that stores name, and the bucket of S3.
 *
 * @throws UsageError that names the field or the variable
 */
export function checkOnWorkers(name: string, { mounts }: Config, { buckets, s3 }: WorkerFile): void {
  for (const [i, { store, fallback }] of mounts.entries()) {
    for (const [field, one] of Object.entries({ store, fallback })) {
      if (one?.type !== 'r2' || buckets.includes(one.binding)) continue;
      const known = buckets.length === 0 ? 'it binds none' : `it binds ${buckets.join(', ')}`;
      throw usageError(`${name}: mounts.${i}.${field}.binding: no R2 bucket is bound as ${one.binding}; ${known}`);
    }
  }
  if (s3 === undefined) return;
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint = '', S3_PATH_STYLE: pathStyle = false } = s3;
  if (typeof bucket !== 'string' || bucket === '') {
    throw usageError(`${name}: S3_BUCKET: takes the name of a bucket, beside the other variables of S3`);
  }
  if (endpoint !== '' && !STORAGE_ADDRESS.test(String(endpoint))) {
    const shown = withoutUser(String(endpoint));
    throw usageError(`${name}: S3_ENDPOINT: takes an address such as https://s3.example.com, not "${shown}"`);
  }
  if (!['true', 'false', ''].includes(String(pathStyle))) {
    throw usageError(`${name}: S3_PATH_STYLE: takes true or false, not "${String(pathStyle)}"`);
  }
}
