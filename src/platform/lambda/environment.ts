import { settingsError } from '../../base/settings-error.ts';
import { OVERFLOW_POLICIES, type OverflowPolicy } from '../../config/size-limit.ts';
import type { LambdaFront } from './event.ts';
import { parseSecretSources, SECRET_SOURCES_FORMAT, type SecretSources } from './secret-sources.ts';
import { assertNoFallback } from '../no-fallback.ts';
import type { S3Access } from '../s3/s3-access.ts';

/** The configuration of a function, read from its environment variables. */
export interface LambdaConfig {
  readonly bucket: string;
  readonly prefix: string;
  readonly access: S3Access;
  /** The settings of `parseConfig`, which checks them when the gateway is created. */
  readonly settings: object;
  /** The policy for a body that is larger than the invoke mode allows. */
  readonly overflow: OverflowPolicy;
  /** The meaning of a 403 of the storage: the object is missing, or access is denied. */
  readonly forbidden: 'missing' | 'denied';
  /** The lifetime of a presigned link, in seconds; shorter if the role's credentials expire before. */
  readonly linkSeconds: number;
  /** `cloudfront` if only CloudFront can call the function: its field with the client's address is trusted then. */
  readonly front?: LambdaFront;
  /** The sources of secrets that are not in the environment. */
  readonly secrets?: SecretSources | undefined;
}

/** S3's maximum lifetime of a presigned link, seven days, in seconds. */
const MAX_LINK_SECONDS = 604_800;

/**
 * Reads the configuration of a function from its environment variables.
 *
 * @throws SettingsError that names the variable and the values that it takes
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): LambdaConfig {
  // An empty variable counts as not set, so that one template can declare it for all environments.
  const read = (name: string) => (env[name] === '' ? undefined : env[name]);
  assertNoFallback(env);
  const bucket = read('RANGEWAY_BUCKET');
  if (bucket === undefined) throw settingsError('RANGEWAY_BUCKET takes the name of the bucket, and there is none');
  return {
    bucket,
    prefix: read('RANGEWAY_PREFIX') ?? '',
    access: {
      endpoint: read('RANGEWAY_S3_ENDPOINT'),
      pathStyle:
        pick('RANGEWAY_S3_PATH_STYLE', read('RANGEWAY_S3_PATH_STYLE') ?? 'false', ['true', 'false']) === 'true',
    },
    settings: parseFields(read('RANGEWAY_SETTINGS') ?? '{}'),
    overflow: pick('RANGEWAY_OVERFLOW', read('RANGEWAY_OVERFLOW') ?? 'redirect', OVERFLOW_POLICIES),
    forbidden: pick('RANGEWAY_FORBIDDEN', read('RANGEWAY_FORBIDDEN') ?? 'denied', ['missing', 'denied']),
    linkSeconds: parseSeconds(read('RANGEWAY_LINK_SECONDS') ?? String(LINK_SECONDS)),
    front: readFront(read('RANGEWAY_FRONT')),
    secrets: readSources(read('RANGEWAY_SECRETS')),
  };
}

/** The default lifetime of presigned links, in seconds. */
export const LINK_SECONDS = 900;

function readFront(text: string | undefined): LambdaFront {
  return text === undefined ? undefined : pick('RANGEWAY_FRONT', text, ['cloudfront'] as const);
}

/**
 * Reads RANGEWAY_SECRETS: the places of secrets that are not in the environment.
 *
 * @throws SettingsError without the text, which may be a secret
 */
export function readSources(text: string | undefined): SecretSources | undefined {
  if (text === undefined) return undefined;
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch {
    // The parser's own message contains a part of the text.
    throw settingsError(`RANGEWAY_SECRETS takes a JSON object; it ${SECRET_SOURCES_FORMAT}`);
  }
  const sources = parseSecretSources(table);
  if (sources === undefined) throw settingsError(`RANGEWAY_SECRETS ${SECRET_SOURCES_FORMAT}`);
  return sources;
}

function pick<Value extends string>(name: string, value: string, values: readonly Value[]): Value {
  const match = values.find((allowed) => allowed === value);
  if (match === undefined) throw settingsError(`${name} takes ${values.join(' or ')}, not "${value}"`);
  return match;
}

function parseFields(text: string): object {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // The cause is omitted: it contains the text around the mistake, which may be a secret.
    throw settingsError(TAKES_FIELDS);
  }
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  throw settingsError(TAKES_FIELDS);
}

const TAKES_FIELDS = 'RANGEWAY_SETTINGS takes a JSON object of fields';

function parseSeconds(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_LINK_SECONDS) return seconds;
  throw settingsError(`RANGEWAY_LINK_SECONDS takes seconds from 1 to ${MAX_LINK_SECONDS}, not "${text}"`);
}
