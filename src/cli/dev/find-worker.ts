import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { unstable_readConfig } from 'wrangler';
import { usageError } from '../usage.ts';
import { OWN_CONFIG, OWN_S3_CONFIG, type WorkerdOptions } from './workerd.ts';

/** The configuration of a Worker, and the environment in it. */
type FoundWorker = Pick<WorkerdOptions, 'config' | 'environment'>;

const R2_FILE = 'wrangler.toml';
const S3_FILE = 'wrangler.s3.toml';

/**
 * Finds the Worker over R2: that of the option `--config`, else of the working directory, else Rangeway's own.
 *
 * @throws UsageError if the file of the option does not exist
 */
export function findWorker(option: string | undefined): FoundWorker {
  return { config: givenFile(option) ?? localFile(R2_FILE) ?? OWN_CONFIG };
}

/**
 * Finds the Worker over S3 in the same places. A file for both Workers has it as its environment `s3`.
 *
 * @throws UsageError if the file of the option does not exist
 */
export function findS3Worker(option: string | undefined): FoundWorker {
  const own = givenFile(option) ?? localFile(S3_FILE);
  const file = own ?? localFile(R2_FILE);
  if (file !== undefined && hasEnvironment(file)) return { config: file, environment: 's3' };
  return { config: own ?? OWN_S3_CONFIG };
}

function givenFile(option: string | undefined): string | undefined {
  if (option === undefined) return undefined;
  if (!existsSync(option)) throw usageError(`--config ${option}: there is no such file`);
  return resolve(option);
}

function localFile(name: string): string | undefined {
  return existsSync(name) ? resolve(name) : undefined;
}

/** A file that can't be read has none here; its start tells why. */
function hasEnvironment(config: string): boolean {
  try {
    return unstable_readConfig({ config }, { hideWarnings: true }).definedEnvironments?.includes('s3') === true;
  } catch {
    return false;
  }
}
