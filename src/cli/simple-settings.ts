import type { CommandLine } from './options.ts';
import type { SERVE_COMMAND } from './server-commands.ts';
import type { ConfigSource } from './explain-mistakes.ts';
import { usageError } from './usage.ts';

type Texts = CommandLine<typeof SERVE_COMMAND>['texts'];
type Flags = CommandLine<typeof SERVE_COMMAND>['flags'];

/** Settings that the command line names, and the secrets that they need. */
export interface SimpleSettings {
  /** As a configuration has them, to be merged with one. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Values of secrets, by the names that `fields` has for them. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** The name under which the users of `--auth` are found. No variable has such a name. */
const USERS = 'RANGEWAY_AUTH_OPTION';

const UNITS: Readonly<Record<string, number>> = {
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
};

/**
 * Reads the options that stand for single settings.
 *
 * @throws UsageError for a value that can't be used, or a variable that is not set
 */
export function parseSimpleSettings(texts: Texts, flags: Flags): SimpleSettings {
  const { index, listing, cache, cors, auth, 'cache-control': cacheControl } = texts;
  const fields = {
    ...(index === undefined ? {} : { index }),
    ...(listing === undefined ? {} : { listing: parseListing(listing) }),
    ...(cache === undefined ? {} : { cache: parseCache(cache) }),
    ...(cors === undefined ? {} : { cors: { origins: cors === '*' ? '*' : cors.split(',') } }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(flags.has('pieces') ? { pieces: true } : {}),
    ...(auth === undefined ? {} : { access: { type: 'basic', users: USERS } }),
  };
  return { fields, secrets: auth === undefined ? new Map() : new Map([[USERS, parseAuth(auth)]]) };
}

/**
 * Adds the settings of the command line to a configuration.
 *
 * @throws UsageError if both have a field
 */
export function mergeSettings(source: ConfigSource, { fields }: SimpleSettings): ConfigSource {
  const { file, input } = source;
  const names = Object.keys(fields);
  if (names.length === 0 || typeof input !== 'object' || input === null) return source;
  const twice = names.find((name) => Object.hasOwn(input, name));
  if (twice !== undefined) throw usageError(`${OPTIONS[twice]} is a setting of ${file} too; leave one of them out`);
  const options = Object.fromEntries(Object.entries(OPTIONS).filter(([name]) => names.includes(name)));
  return { ...source, input: { ...input, ...fields }, options };
}

/** The option of each field. */
const OPTIONS: Readonly<Record<string, string>> = {
  index: '--index',
  listing: '--listing',
  cache: '--cache',
  cors: '--cors',
  cacheControl: '--cache-control',
  access: '--auth',
  pieces: '--pieces',
};

function parseListing(text: string): 'html' | 'json' {
  if (text === 'html' || text === 'json') return text;
  throw usageError(`--listing takes html or json, not "${text}"`);
}

function parseCache(text: string): object {
  const [, digits, unit = ''] = /^(\d{1,6})(MB|MiB|GB|GiB)$/.exec(text) ?? [];
  if (digits !== undefined) return { type: 'memory', bytes: Number(digits) * (UNITS[unit] ?? 0) };
  if (/^\d/.test(text)) {
    throw usageError(`--cache takes a size such as 256MiB or 2GB, or a folder such as ./cache, not "${text}"`);
  }
  return { type: 'disk', folder: text };
}

function parseAuth(text: string): string {
  const [, user, variable] = /^([^:]+):([A-Z][A-Z0-9_]*)$/.exec(text) ?? [];
  if (user === undefined || variable === undefined) {
    // The value may be a password.
    throw usageError(
      '--auth takes a user and the name of the variable with the password, such as alice:ALICE_PASSWORD',
    );
  }
  const password = process.env[variable];
  if (password === undefined || password === '')
    throw usageError(`--auth: ${variable} is to hold a password, and is not set`);
  return `${user}:${password}`;
}
