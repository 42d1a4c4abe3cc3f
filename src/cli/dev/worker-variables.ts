import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Config } from '../../config/config.ts';
import { secretNames } from '../../config/secret-names.ts';
import { errorCode } from '../../base/error-code.ts';
import { explainFileError } from '../file-error.ts';
import { usageError } from '../usage.ts';

/** The file beside a wrangler.toml that holds secrets for local runs, as `wrangler dev` reads it. */
const FILE = '.dev.vars';

/**
 * Reads the secrets of a Worker for a local run: all of `.dev.vars`, and from the environment those that the settings
 * name, which win.
 *
 * @param folder of the wrangler.toml
 * @param settings of the variable RANGEWAY of the wrangler.toml
 * @throws UsageError if the file can't be read
 */
export function readWorkerSecrets(folder: string, settings: Config): Readonly<Record<string, string>> {
  const secrets: Record<string, string> = readFile(join(folder, FILE));
  for (const name of secretNames(settings)) {
    const value = process.env[name];
    if (value !== undefined && value !== '') secrets[name] = value;
  }
  return secrets;
}

function readFile(file: string): Record<string, string> {
  try {
    const entries = Object.entries(parseEnv(readFileSync(file, 'utf8')));
    return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw usageError(`${FILE}: ${explainFileError(error)}`, error);
  }
}
