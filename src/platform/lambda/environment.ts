import { settingsError } from '../../base/settings-error.ts';
import { OVERFLOW_POLICIES, type OverflowPolicy } from '../../config/size-limit.ts';
import type { LambdaFront } from './event.ts';
import { parseSecretSources, TAKES_SOURCES, type SecretSources } from './secret-sources.ts';
import { assertNoFallback } from '../no-fallback.ts';
import type { S3Access } from '../s3/s3-access.ts';

/** What a function is told by its environment. */
export interface LambdaConfig {
  readonly bucket: string;
  readonly prefix: string;
  readonly access: S3Access;
  /** As in the gateway's documentation; checked when the gateway is made. */
  readonly settings: object;
  readonly overflow: OverflowPolicy;
  /** What a 403 of the storage means; see `S3Location`. */
  readonly forbidden: 'missing' | 'denied';
  /** How long a link lives, in seconds; less where the role's credentials end before. */
  readonly linkSeconds: number;
  /** Whether CloudFront alone can call the function. Its field for the client's address is believed then. */
  readonly front?: LambdaFront;
  /** Where secrets are that are not in the environment. */
  readonly secrets?: SecretSources | undefined;
}

/** Seven days, S3's own limit for a link; in seconds. */
const MAX_LINK_SECONDS = 604_800;

/**
 * Reads the environment of a function.
 *
 * @throws SettingsError that names the variable and what it takes
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): LambdaConfig {
  // An empty variable is none, so that templates can have it for all environments.
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

/** How long links live by default, in seconds. */
export const LINK_SECONDS = 900;

function readFront(text: string | undefined): LambdaFront {
  return text === undefined ? undefined : pick('RANGEWAY_FRONT', text, ['cloudfront'] as const);
}

/** No message shows what was written: it may be a secret. */
function readSources(text: string | undefined): SecretSources | undefined {
  if (text === undefined) return undefined;
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch {
    // The parser's own message has a part of the text in it.
    throw settingsError(`RANGEWAY_SECRETS takes a JSON object; it ${TAKES_SOURCES}`);
  }
  const sources = parseSecretSources(table);
  if (sources === undefined) throw settingsError(`RANGEWAY_SECRETS ${TAKES_SOURCES}`);
  return sources;
}

function pick<Value extends string>(name: string, value: string, values: readonly Value[]): Value {
  const found = values.find((one) => one === value);
  if (found === undefined) throw settingsError(`${name} takes ${values.join(' or ')}, not "${value}"`);
  return found;
}

function parseFields(text: string): object {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // Without its cause, which shows the text around the mistake, and that may be a secret.
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
