import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { createGateway } from '../gateway/create-gateway.ts';
import type { Log } from '../observe/log.ts';
import { OVERFLOW_POLICIES, type LinkTarget, type OverflowPolicy } from '../gateway/overflow.ts';

export { OVERFLOW_POLICIES };
import { parseConfig } from '../gateway/config.ts';
import { settingsError } from '../config/settings-error.ts';
import { memoryCache } from '../cache/drivers/memory.ts';
import type { FetchHandler } from './fetch-handler.ts';
import { openConfig } from './open-config.ts';
import type { LambdaFront } from './lambda-event.ts';
import { parseSecretSources, TAKES_SOURCES, type SecretSources } from './lambda-secret-sources.ts';
import { assertNoFallback } from './no-fallback.ts';
import { openJwt } from './open-jwt.ts';
import type { S3Access } from './s3-client.ts';
import { s3Storage, toS3Source } from './s3-storage.ts';

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

/**
 * Makes the gateway of a function.
 *
 * @param client made from the config's `access`; all gateways of a process can have the same
 * @param limit bytes of a body that the invoke mode can send
 * @param secrets values by name, as `readSecrets` gives them; a name that is not among them is a variable's
 * @throws SettingsError naming each setting that is unknown or wrong
 */
export function lambdaGateway(
  client: S3Client,
  config: LambdaConfig,
  limit: number,
  log?: Log,
  secrets: ReadonlyMap<string, string> = new Map(),
): FetchHandler {
  const { settings, overflow: policy, access, prefix: ownPrefix, forbidden } = config;
  return createGateway({
    ...openConfig(parseConfig(settings), {
      own: () => s3Storage(config, client),
      ownPrefix,
      // Links lead to the own bucket, so that mounts have no other; a fallback is read and never linked to.
      open: (store, use) =>
        store.type === 's3' && use === 'fallback' ? s3Storage({ forbidden, ...toS3Source(store, access) }) : undefined,
      secret: (name) => secrets.get(name) ?? process.env[name],
      jwt: openJwt,
      cache: (cache) => (cache.type === 'memory' ? memoryCache({ maxBytes: cache.bytes }) : undefined),
      overflow: { limit, policy, link: linker(client, config) },
      log,
    }),
  });
}

/**
 * Links to the storage itself. Neither Range nor a condition is signed: a signed field has to be sent, and browsers
 * would not. Where the bucket keeps versions, the link names the one that was evaluated. Where it does not, nothing in
 * a link can pin it: whoever replaces the object between the redirect and the read is seen by the new ETag alone.
 */
function linker(client: S3Client, { bucket, prefix, linkSeconds }: LambdaConfig) {
  return ({ key, representation, disposition }: LinkTarget): Promise<string> => {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: prefix + key,
      ...(representation.version === undefined ? {} : { VersionId: representation.version }),
      ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
    });
    return getSignedUrl(client, command, { expiresIn: linkSeconds });
  };
}
