import { settingsError } from '../../base/settings-error.ts';
import { OVERFLOW_POLICIES, type OverflowPolicy } from '../../config/size-limit.ts';
import { LAMBDA_FRONTS, type LambdaFront } from './event.ts';
import { parseSecretSources, SECRET_SOURCES_FORMAT, type SecretSource, type SecretSources } from './secret-sources.ts';
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
  /** The only caller of the function, if there is one: fields that it sets are trusted then. */
  readonly front?: LambdaFront;
  /** The sources of secrets that are not in the environment. */
  readonly secrets?: SecretSources | undefined;
  /** The key that signs addresses of CloudFront for objects that are too large to send; absent for links to S3. */
  readonly cdn?: CdnKeySource | undefined;
}

/** A key of CloudFront's: the id of the public one, and the source of the private one. */
export interface CdnKeySource {
  readonly keyId: string;
  readonly source: SecretSource;
}

/** The name of CloudFront's private key: of the variable with its place, and of the secret in messages. */
export const CDN_KEY = 'RANGEWAY_CDN_KEY';

/** The name of the variable with the id of the public key. */
export const CDN_KEY_ID = 'RANGEWAY_CDN_KEY_ID';

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
    cdn: readCdnKey(read(CDN_KEY_ID), read(CDN_KEY)),
  };
}

/** No error message contains the place: the key itself may have been written there. */
function readCdnKey(keyId: string | undefined, place: string | undefined): CdnKeySource | undefined {
  if (keyId === undefined && place === undefined) return undefined;
  if (keyId === undefined || !/^[A-Z0-9]{1,64}$/.test(keyId)) {
    throw settingsError(`${CDN_KEY_ID} takes the id of the public key of ${CDN_KEY}, such as K2JCJMDEHXQW5F`);
  }
  const source = parseSecretSources({ [CDN_KEY]: place })?.get(CDN_KEY);
  if (source !== undefined) return { keyId, source };
  throw settingsError(
    `${CDN_KEY} takes the place of a private key, such as secretsmanager:NAME, and never the key itself`,
  );
}

/** The default lifetime of presigned links, in seconds. */
export const LINK_SECONDS = 900;

function readFront(text: string | undefined): LambdaFront {
  return text === undefined ? undefined : pick('RANGEWAY_FRONT', text, LAMBDA_FRONTS);
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
