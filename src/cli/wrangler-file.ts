import { errorCode } from '../base/error-code.ts';
import { STORAGE_ADDRESS, withoutUser } from '../config/urls.ts';
import { printPlace, type ConfigSource } from './explain-mistakes.ts';
import { readText } from './json-file.ts';
import { jsonPlaces } from './json-tree.ts';
import { findSetting, type SettingsTree } from './settings-tree.ts';
import { tomlPlaces } from './toml-tree.ts';
import { usageError } from './usage.ts';

/** The settings of a Worker, and the parts of its wrangler.toml that they need. */
export interface WranglerFile {
  readonly source: ConfigSource;
  /** Texts of `vars`, by their names. */
  readonly variables: ReadonlyMap<string, string>;
  /** Names of `secrets.required`, without which wrangler deploys nothing. */
  readonly requiredSecrets: ReadonlySet<string>;
  /** Bindings of R2 buckets. */
  readonly buckets: ReadonlySet<string>;
  /** Bindings of datasets of Analytics Engine. */
  readonly datasets: ReadonlySet<string>;
  /** The Worker of the package that `main` names; `undefined` for a Worker of your own. */
  readonly worker: 'r2' | 's3' | undefined;
}

/** Whether a file is one of wrangler's: TOML, or JSON of its name or with comments. */
export function isWranglerFile(name: string): boolean {
  return /\.toml$|\.jsonc$|(?:^|[\\/])wrangler\.json$/.test(name);
}

/**
 * Reads a wrangler.toml, wrangler.json or wrangler.jsonc.
 *
 * @param option one of its environments; by default the variable CLOUDFLARE_ENV, as in wrangler, else the top level
 * @throws UsageError if it can't be read. Its message quotes nothing of the file, which may hold a secret
 */
export async function readWranglerFile(file: string, option: string | undefined): Promise<WranglerFile> {
  const env = option ?? (process.env['CLOUDFLARE_ENV'] || undefined);
  const text = readText(file, file);
  const {
    definedEnvironments,
    vars,
    secrets,
    r2_buckets: buckets,
    analytics_engine_datasets: datasets,
    main,
  } = await readConfig(file, env, text);
  if (env !== undefined && (definedEnvironments ?? []).length === 0) throw usageError(`${file}: ${noEnvironment(env)}`);
  const { RANGEWAY: input = {}, ...others }: Readonly<Record<string, unknown>> = vars;
  assertS3Variables(file, others);
  const tree = settingsTree(file, text, env);
  if (typeof input === 'string') {
    const place = tree === undefined ? file : printPlace(file, tree.value);
    throw usageError(`${place}: RANGEWAY: takes a table, [vars.RANGEWAY], and not a text with JSON in it`);
  }
  return {
    source: { file, input, tree },
    variables: new Map(Object.entries(others).map(([name, value]) => [name, typeof value === 'string' ? value : ''])),
    requiredSecrets: new Set(secrets?.required ?? []),
    buckets: bindingsOf(buckets),
    datasets: bindingsOf(datasets),
    worker: workerOf(main),
  };
}

/** Of a file without environments wrangler takes the top level, and only warns. */
function noEnvironment(env: string): string {
  const hint = env === 's3' ? '; the Worker over S3 has a file of its own: wrangler deploy -c wrangler.s3.toml' : '';
  return `there is no environment "${env}", it has none${hint}`;
}

/**
 * Checks the variables of the Worker over S3, for a file that has one of them.
 *
 * @throws UsageError that names the variable
 */
function assertS3Variables(file: string, variables: Readonly<Record<string, unknown>>): void {
  if (!Object.keys(variables).some((name) => name.startsWith('S3_'))) return;
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint = '', S3_PATH_STYLE: pathStyle = false } = variables;
  if (typeof bucket !== 'string' || bucket === '') {
    throw usageError(`${file}: S3_BUCKET: takes the name of a bucket, beside the other variables of S3`);
  }
  if (endpoint !== '' && !STORAGE_ADDRESS.test(String(endpoint))) {
    const shown = withoutUser(String(endpoint));
    throw usageError(`${file}: S3_ENDPOINT: takes an address such as https://s3.example.com, not "${shown}"`);
  }
  if (!['true', 'false', ''].includes(String(pathStyle))) {
    throw usageError(`${file}: S3_PATH_STYLE: takes true or false, not "${String(pathStyle)}"`);
  }
}

async function readConfig(file: string, env: string | undefined, text: string) {
  const { unstable_readConfig } = await loadWrangler();
  try {
    return unstable_readConfig({ config: file, ...(env === undefined ? {} : { env }) }, { hideWarnings: true });
  } catch (error) {
    throw usageError(explainReadError(error, file, text), error);
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

function explainReadError(error: unknown, file: string, text: string): string {
  if (!(error instanceof Error)) return `${file}: it can not be read`;
  const { line, column } = locationOf(error);
  // Wrangler counts columns from 0.
  if (line !== undefined)
    return `${printPlace(file, { line, column: (column ?? 0) + 1 })}: ${notParsed(error.message)}`;
  // Wrangler quotes values of a wrong type, and one of them may be a secret.
  const message = error.message.replaceAll(/ but got [^]*?(?=\n\s*- |$)/g, '');
  const [, field = ''] = /"([\w.]+)"/.exec(message) ?? [];
  const found = fileTree(file, text);
  const setting = found && findSetting(found, field.split('.'));
  return `${setting?.isWhole === true ? printPlace(file, setting.tree.value) : file}: ${message}`;
}

function notParsed(message: string): string {
  return message.replace(/^Invalid TOML document:/, 'it is not TOML:');
}

/** The place that wrangler's error of a syntax has. */
function locationOf(error: Error): { readonly line?: number; readonly column?: number } {
  const location: unknown = Reflect.get(error, 'location');
  if (typeof location !== 'object' || location === null) return {};
  const [line, column]: readonly unknown[] = [Reflect.get(location, 'line'), Reflect.get(location, 'column')];
  return typeof line === 'number' && typeof column === 'number' ? { line, column } : {};
}

/** The places of the settings. Without the variable RANGEWAY, that of the table in which it would be. */
function settingsTree(file: string, text: string, env: string | undefined): SettingsTree | undefined {
  const root = fileTree(file, text);
  const above = env === undefined ? [] : ['env', env];
  const found = root && findSetting(root, [...above, 'vars', 'RANGEWAY']);
  return found?.isWhole === false ? { ...found.tree, members: new Map() } : found?.tree;
}

function fileTree(file: string, text: string): SettingsTree | undefined {
  if (!file.endsWith('.toml')) return jsonPlaces(text).tree;
  try {
    return tomlPlaces(text);
  } catch (error) {
    // Wrangler has read it, so it is TOML that only this parser can't read. Messages have no places then.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function workerOf(main: string | undefined): WranglerFile['worker'] {
  const name = /[\\/]platform[\\/]workers[\\/](worker(?:-s3)?)\.[jt]s$/.exec(main ?? '')?.[1];
  if (name === undefined) return undefined;
  return name === 'worker' ? 'r2' : 's3';
}

function bindingsOf(resources: readonly { readonly binding: string }[]): ReadonlySet<string> {
  return new Set(resources.map(({ binding }) => binding));
}
