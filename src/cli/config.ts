import { existsSync, readFileSync, statSync } from 'node:fs';
import { checkConfig, parseConfig, PLATFORMS, type Config, type Platform } from '../platform/checked-config.ts';
import { secretNames } from '../config/secret-names.ts';
import { printable } from '../platform/node/line-log.ts';
import { loadS3 } from '../platform/s3/load-s3.ts';
import { readJsonFile } from './json-file.ts';
import { CONFIG_COMMAND } from './commands.ts';
import { parseCommandLine } from './options.ts';
import { describeConfig } from './config-text.ts';
import { usageError } from './usage.ts';
import { checkOnWorkers, readWorkerFile } from './worker-file.ts';

/** The JSON Schema of the package, made from the schema in code. */
const SCHEMA = new URL('../../schema.json', import.meta.url);

const DEFAULT_FILE = 'wrangler.toml';

/**
 * Runs `rangeway config check`: prints the effective configuration to stdout, without secrets.
 *
 * @throws UsageError if the file is missing, wrong, or names a bucket that refuses to be read
 */
export async function config(args: readonly string[]): Promise<void> {
  const { texts, flags, operands } = parseCommandLine(args, CONFIG_COMMAND);
  const [verb, file, stray] = operands;
  if (flags.has('schema')) return void process.stdout.write(readFileSync(SCHEMA, 'utf8'));
  if (verb !== 'check') throw usageError('config takes "check": rangeway config check FILE');
  if (stray !== undefined) throw usageError(`config check takes one file, not "${stray}" as well`);
  const name = file ?? DEFAULT_FILE;
  if (!existsSync(name)) {
    throw usageError(
      file === undefined
        ? 'config check takes a file: JSON as for serve --config, or a wrangler.toml, of which there is none here'
        : `${name}: there is no such file`,
    );
  }
  const isWorker = name.endsWith('.toml');
  const worker = isWorker ? await readWorkerFile(name, texts.env) : undefined;
  const { input, variables } = worker ?? readJson(name, texts.env);
  const platform = parsePlatform(texts.for, isWorker);
  const parsed = checked(name, input, platform);
  if (platform === 'node') checkOnNode(name, parsed, variables);
  if (worker !== undefined) checkOnWorkers(name, parsed, worker);
  if (flags.has('quiet')) return;
  process.stdout.write(printable(describeConfig(parsed, { file: name, variables })));
  const refusals = await checkStores(parsed, isWorker);
  if (refusals.length > 0) throw usageError(`${name}: ${refusals.join('; ')}`);
}

/**
 * Makes one signed read of each S3 store in the file, and prints the result.
 *
 * @returns a sentence for each bucket that refuses. A storage that does not respond is only printed, because this
 *   machine may be offline
 */
async function checkStores({ mounts }: Config, isWorker: boolean): Promise<readonly string[]> {
  const named = mounts.flatMap(({ store, fallback }) => [store, fallback]).filter((store) => store?.type === 's3');
  const stores = new Map(named.map((store) => [JSON.stringify(store), store]));
  const refusals: string[] = [];
  for (const store of stores.values()) {
    const told = (text: string) => process.stdout.write(printable(`storage s3://${store.bucket}: ${text}\n`));
    if (isWorker) told("not asked, since a Worker's secrets are kept where it is deployed");
    else if (!hasCredentials()) told('not asked, since neither AWS_ACCESS_KEY_ID nor AWS_PROFILE is set here');
    else {
      const { checkS3, toS3Source } = await loadS3();
      const check = await checkS3(toS3Source(store, {}));
      if (check.type === 'readable') told(check.note === undefined ? 'readable' : `readable; ${check.note}`);
      else told(check.says);
      if (check.type === 'refused') refusals.push(`s3://${store.bucket} can't be read: ${check.says}`);
    }
  }
  return refusals;
}

/** Whether the environment has credentials. Other sources are not tried: the SDK looks for them in the network, which takes seconds. */
function hasCredentials(): boolean {
  return ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE'].some((name) => (process.env[name] ?? '') !== '');
}

function checked(name: string, input: unknown, platform: Platform | undefined): Config {
  try {
    const parsed = parseConfig(input);
    checkConfig(parsed, platform);
    return parsed;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SettingsError') throw error;
    throw usageError(`${name}: ${error.message}`, error);
  }
}

function parsePlatform(text: string | undefined, isWorker: boolean): Platform | undefined {
  if (text === undefined) return isWorker ? 'workers' : undefined;
  const platform = PLATFORMS.find((one) => one === text);
  if (platform === undefined) throw usageError(`--for takes ${PLATFORMS.join(', ')}, not "${text}"`);
  if (isWorker && platform !== 'workers')
    throw usageError(`--for ${platform} goes with JSON; a wrangler.toml is for workers`);
  return platform;
}

/** Checks what `serve` would refuse when it opens the mounts on this machine. */
function checkOnNode(name: string, parsed: Config, variables: ReadonlySet<string>): void {
  const unset = secretNames(parsed).filter((secret) => !variables.has(secret));
  if (unset.length > 0) {
    throw usageError(
      `${name}: ${unset.join(', ')} ${unset.length === 1 ? 'is' : 'are'} to hold a secret, and not set here`,
    );
  }
  for (const [i, { store, fallback }] of parsed.mounts.entries()) {
    for (const [field, one] of Object.entries({ store, fallback })) {
      if (one?.type !== 'dir' || statSync(one.path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
      throw usageError(`${name}: mounts.${i}.${field}.path: there is no folder "${one.path}"`);
    }
  }
}

function readJson(name: string, env: string | undefined) {
  if (env !== undefined) throw usageError('--env goes with a wrangler.toml');
  const variables = new Set(Object.keys(process.env).filter((one) => process.env[one] !== ''));
  return { input: readJsonFile(name, name), variables };
}
