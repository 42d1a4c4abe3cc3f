import { existsSync, readFileSync } from 'node:fs';
import { settingsErrorOf, type Mistake } from '../base/settings-error.ts';
import type { StoreConfig } from '../config/store-config.ts';
import { checkConfig, parseConfig, PLATFORMS, type Config, type Platform } from '../platform/checked-config.ts';
import { assertNoFallback } from '../platform/no-fallback.ts';
import { readSources } from '../platform/lambda/environment.ts';
import { printable } from '../platform/node/line-log.ts';
import { loadS3 } from '../platform/s3/load-s3.ts';
import { checkStart, type Start } from './check-start.ts';
import { explainMistakes, type ConfigSource } from './explain-mistakes.ts';
import { readJsonFile } from './json-file.ts';
import { isWranglerFile, readWranglerFile, type WranglerFile } from './wrangler-file.ts';
import { CONFIG_COMMAND } from './commands.ts';
import { parseCommandLine } from './options.ts';
import { describeConfig } from './config-text.ts';
import { usageError } from './usage.ts';

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
  const isWorker = isWranglerFile(name);
  const platform = parsePlatform(texts.for, isWorker);
  const { source, start } = isWorker
    ? await readWorker(name, texts.env, texts.for !== undefined)
    : readJson(name, texts.env, platform);
  const variables = new Set([...start.secrets].filter(([, value]) => value !== '').map(([variable]) => variable));
  const parsed = await explainMistakes(source, async () => {
    const settings = parseConfig(source.input);
    checkConfig(settings, platform);
    await checkStart(settings, start);
    return settings;
  });
  if (flags.has('quiet')) return;
  process.stdout.write(printable(describeConfig(parsed, { file: name, variables })));
  await explainMistakes(source, () => checkStores(parsed, isWorker));
}

/**
 * Makes one signed read of each S3 store in the file, and prints the result.
 *
 * @throws SettingsError that names each bucket that refuses. A storage that does not respond is only printed, because
 *   this machine may be offline
 */
async function checkStores(parsed: Config, isWorker: boolean): Promise<void> {
  const mistakes: Mistake[] = [];
  for (const { store, path } of s3Stores(parsed)) {
    const told = (text: string) => process.stdout.write(printable(`storage s3://${store.bucket}: ${text}\n`));
    if (isWorker) told("not asked, since a Worker's secrets are kept where it is deployed");
    else if (!hasCredentials()) told('not asked, since neither AWS_ACCESS_KEY_ID nor AWS_PROFILE is set here');
    else {
      const { checkS3, toS3Source } = await loadS3();
      const check = await checkS3(toS3Source(store, {}));
      if (check.type === 'readable') told(check.note === undefined ? 'readable' : `readable; ${check.note}`);
      else told(check.says);
      if (check.type !== 'refused') continue;
      const text = `s3://${store.bucket} can't be read: ${check.says}`;
      mistakes.push({ setting: path.join('.'), text, path, isUnknown: false });
    }
  }
  if (mistakes.length > 0) throw settingsErrorOf(mistakes.map(({ text }) => text).join('; '), mistakes);
}

/** Lists the different S3 stores of all mounts, with the path of their first use. */
function s3Stores({ mounts }: Config) {
  const stores = new Map<string, { readonly store: S3StoreConfig; readonly path: readonly string[] }>();
  for (const [i, mount] of mounts.entries()) {
    for (const use of ['store', 'fallback'] as const) {
      const store = mount[use];
      const key = JSON.stringify(store);
      if (store?.type === 's3' && !stores.has(key)) stores.set(key, { store, path: ['mounts', String(i), use] });
    }
  }
  return stores.values();
}

type S3StoreConfig = Extract<StoreConfig, { readonly type: 's3' }>;

/** Whether the environment has credentials. Other sources are not tried: the SDK looks for them in the network, which takes seconds. */
function hasCredentials(): boolean {
  return ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE'].some((name) => (process.env[name] ?? '') !== '');
}

function parsePlatform(text: string | undefined, isWorker: boolean): Platform | undefined {
  if (text === undefined) return isWorker ? 'workers' : undefined;
  const platform = PLATFORMS.find((one) => one === text);
  if (platform === undefined) throw usageError(`--for takes ${PLATFORMS.join(', ')}, not "${text}"`);
  if (isWorker && platform !== 'workers')
    throw usageError(`--for ${platform} goes with JSON; a wrangler.toml is for workers`);
  return platform;
}

/** A configuration, and the surroundings in which it would be used. */
interface Written {
  readonly source: ConfigSource;
  readonly start: Start;
}

/** The advice for a secret that is not set. A Worker's own are known from its wrangler.toml only. */
const UNSET: Readonly<Record<Platform, string>> = {
  node: 'set it in the environment',
  workers: 'set it in the environment of this check, or check the wrangler.toml',
  lambda: 'set it in the environment, or its place in RANGEWAY_SECRETS',
};

function readJson(name: string, env: string | undefined, platform: Platform | undefined): Written {
  if (env !== undefined) throw usageError('--env goes with a wrangler.toml');
  const places = platform === 'lambda' ? readSources(process.env['RANGEWAY_SECRETS']) : undefined;
  const named = [...(places ?? [])].map(([secret]) => [secret, ''] as const);
  const set = Object.entries(process.env).flatMap(([variable, value]) =>
    value === undefined || value === '' ? [] : [[variable, value] as const],
  );
  const start: Start = {
    platform,
    secrets: new Map([...named, ...set]),
    unset: platform === undefined ? undefined : UNSET[platform],
  };
  return { source: readJsonFile(name, name), start };
}

/**
 * Reads the configuration of a Worker.
 *
 * @param isStrict whether each secret has to be known. Secrets are kept where the Worker is deployed, but
 *   `secrets.required` names them
 */
async function readWorker(name: string, env: string | undefined, isStrict: boolean): Promise<Written> {
  const { source, variables, requiredSecrets, buckets, datasets, worker }: WranglerFile = await readWranglerFile(
    name,
    env,
  );
  if (worker !== 'r2') assertNoFallback(Object.fromEntries(variables));
  const required = [...requiredSecrets].map((secret) => [secret, ''] as const);
  const advice = 'wrangler secret put it, and list it as required under [secrets] in wrangler.toml';
  const start: Start = {
    platform: 'workers',
    secrets: new Map([...required, ...variables]),
    unset: isStrict ? advice : undefined,
    buckets,
    datasets,
    worker,
  };
  return { source, start };
}
