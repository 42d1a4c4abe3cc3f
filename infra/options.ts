import { Size } from 'aws-cdk-lib';
import { SecurityPolicyProtocol } from 'aws-cdk-lib/aws-cloudfront';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as v from 'valibot';
import { checkConfig, parseConfig } from '../src/platform/checked-config.ts';
import {
  parseSecretSources,
  printSecretSource,
  SECRET_SOURCES_FORMAT,
  type SecretSources,
} from '../src/platform/lambda/secret-sources.ts';
import type { Listener } from './alarms.ts';
import type { Deployment } from './deployment.ts';
import { findUnusable, withCacheControl } from './front.ts';
import { count, booleanSetting, readAtStart, reference, text, variable } from './option-types.ts';
import { piecePlaces } from './piece-places.ts';
import { findSecretClashes } from './secrets.ts';

/** Thrown before anything is synthesised; its message names each wrong option and the values that it takes. */
export interface OptionsError extends Error {
  readonly name: 'OptionsError';
}

/** The options of a deployment: the stack's name and its properties, without the code. */
export interface Options {
  readonly name: string;
  readonly stack: Deployment;
}

/** Bytes of settings and the places of secrets together: Lambda takes 4 KB of environment in all. */
const MAX_SETTINGS = 3072;

/** The days that CloudWatch takes; `RetentionDays` has names of months and years for them too. */
const LOG_DAYS = Object.values(RetentionDays)
  .filter((days) => typeof days === 'number')
  .filter((days) => days !== RetentionDays.INFINITE);

const table = v.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const settingsMessage = `takes a table, or one in JSON, of up to ${MAX_SETTINGS} bytes`;
const settings = v.pipe(
  v.union([table, v.pipe(v.string(), v.parseJson(), table)], settingsMessage),
  v.check((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_SETTINGS, settingsMessage),
  readAtStart((value) => {
    checkConfig(parseConfig(value));
    return value;
  }),
);

/** From the command line `NAME=PLACE,NAME=PLACE`; a place may have `=` in it, and no comma. */
const secrets = v.pipe(
  v.unknown(),
  v.rawTransform<unknown, SecretSources>(({ dataset, addIssue, NEVER }) => {
    const sources = parseSecretSources(typeof dataset.value === 'string' ? toTable(dataset.value) : dataset.value);
    if (sources !== undefined) return sources;
    addIssue({ message: SECRET_SOURCES_FORMAT });
    return NEVER;
  }),
);

/** @returns `undefined` if a name occurs twice */
function toTable(list: string): Readonly<Record<string, string>> | undefined {
  const pairs = list.split(',').map((pair) => {
    const equals = Math.max(0, pair.indexOf('='));
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  const names = new Set(pairs.map(([name]) => name));
  return names.size === pairs.length ? Object.fromEntries(pairs) : undefined;
}

const KMS_KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
const KMS_KEYS = 'takes ARNs of KMS keys, such as arn:aws:kms:eu-west-1:123456789012:key/ID, with commas between them';
const kmsKeys = v.pipe(
  v.union(
    [
      v.pipe(
        v.string(),
        v.transform((value) => value.split(',')),
      ),
      v.pipe(v.array(v.string()), v.minLength(1, KMS_KEYS)),
    ],
    KMS_KEYS,
  ),
  v.array(reference(KMS_KEY, KMS_KEYS)),
);

/** From CloudFront's list, those without TLS 1.0 and 1.1 and without the weaker ciphers of 2018 and 2019. */
const TLS = ['TLSv1.2_2021', 'TLSv1.2_2025', 'TLSv1.3_2025'] as const;
const TLS_POLICIES: Readonly<Record<(typeof TLS)[number], SecurityPolicyProtocol>> = {
  'TLSv1.2_2021': SecurityPolicyProtocol.TLS_V1_2_2021,
  'TLSv1.2_2025': SecurityPolicyProtocol.TLS_V1_2_2025,
  'TLSv1.3_2025': SecurityPolicyProtocol.TLS_V1_3_2025,
};

const DEPLOYMENT = {
  front: v.optional(
    v.picklist(['stream', 'buffered', 'cloudfront'], 'takes "stream", "buffered" or "cloudfront"'),
    'stream',
  ),
  domain: v.optional(reference(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'takes a host name, such as "get.example.com"')),
  certificate: v.optional(
    reference(
      /^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/\S+$/,
      'takes the ARN of an ACM certificate in us-east-1',
    ),
  ),
  tls: v.optional(v.picklist(TLS, `takes ${TLS.join(', ')}`)),
  accessLogs: v.optional(count(1, 3653, 'days')),
  bucket: v.optional(
    reference(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'takes the name of a bucket, without s3:// or an ARN'),
  ),
  // A `*`, `?` or `$` would be a pattern in the policy. The slash keeps `pub` from opening `public-drafts/`.
  prefix: v.optional(
    text(/^[^/*?$\0][^*?$\0]*\/$/, 'takes a prefix that ends in a slash, without * ? $, such as "releases/"'),
  ),
  settings: v.optional(settings, {}),
  secrets: v.optional(secrets),
  kmsKeys: v.optional(kmsKeys),
  overflow: v.optional(variable('overflow', 'RANGEWAY_OVERFLOW')),
  forbidden: v.optional(variable('forbidden', 'RANGEWAY_FORBIDDEN')),
  largeObjects: v.optional(v.picklist(['cloudfront', 's3'], 'takes "cloudfront" or "s3"')),
  linkSeconds: v.optional(variable('linkSeconds', 'RANGEWAY_LINK_SECONDS')),
  memory: v.optional(count(128, 10_240, 'MB'), 512),
  concurrency: v.optional(count(1, 1_000_000, 'instances')),
  logDays: v.optional(
    v.pipe(
      count(1, 3653, 'days'),
      v.picklist(LOG_DAYS, `takes one of the numbers of days that CloudWatch knows: ${LOG_DAYS.join(', ')}`),
    ),
    RetentionDays.TWO_WEEKS,
  ),
  versions: v.optional(booleanSetting, true),
  list: v.optional(booleanSetting, false),
  index: v.optional(booleanSetting, false),
  alarmTopic: v.optional(reference(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$/, 'takes the ARN of an SNS topic')),
  alarmEmail: v.optional(text(/^[^@\s]+@[^@\s]+$/, 'takes an e-mail address')),
};

const DeploymentSchema = v.strictObject(DEPLOYMENT);

const OptionsSchema = v.strictObject({
  name: v.optional(
    text(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'takes letters, digits and hyphens, a letter first'),
    'Rangeway',
  ),
  ...DEPLOYMENT,
});

type Parsed = v.InferOutput<typeof DeploymentSchema>;

/** The names of all options, as `cdk deploy -c name=value` takes them. */
export const OPTION_NAMES: readonly string[] = Object.keys(OptionsSchema.entries);

/**
 * Checks the options of a deployment and fills in the defaults.
 *
 * @throws OptionsError that names each unknown or wrong option, and the values that it takes
 */
export function parseOptions(input: unknown): Options {
  const parsed = parse(OptionsSchema, input);
  return { name: parsed.name, stack: toDeployment(parsed) };
}

/**
 * Does the same for a construct in a stack of one's own, which has a name already.
 *
 * @throws OptionsError as {@link parseOptions} does
 */
export function parseDeployment(input: unknown): Deployment {
  return toDeployment(parse(DeploymentSchema, input));
}

function parse<Schema extends typeof DeploymentSchema | typeof OptionsSchema>(
  schema: Schema,
  input: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input);
  const problems = result.success
    ? findClashes(result.output)
    : result.issues.map((issue) => describeIssue(issue, Object.keys(schema.entries)));
  if (!result.success || problems.length > 0) {
    const message = `the options can't be used:\n${problems.join('\n')}`;
    throw Object.assign(new Error(message), { name: 'OptionsError' as const });
  }
  return result.output;
}

/** Options that are good by themselves, and not together. */
function findClashes(parsed: Parsed): readonly string[] {
  const { front, domain, certificate, tls, accessLogs, alarmTopic, alarmEmail, kmsKeys: keys } = parsed;
  const { largeObjects, overflow } = parsed;
  const deployed = deployedSettings(parsed);
  const config = parseConfig(parsed.settings);
  const places = piecePlaces(parsed.settings);
  const sources: SecretSources = parsed.secrets ?? new Map();
  const secretPlaces = Object.fromEntries([...sources].map(([name, source]) => [name, printSecretSource(source)]));
  const written = [deployed, ...(sources.size === 0 ? [] : [secretPlaces])].map((value) => JSON.stringify(value));
  const clashes = [
    [domain !== undefined && certificate === undefined, 'certificate: needed with domain'],
    [domain === undefined && certificate !== undefined, 'domain: needed with certificate'],
    [domain !== undefined && front !== 'cloudfront', 'domain: only with front=cloudfront'],
    [
      tls !== undefined && domain === undefined,
      "tls: only with domain; CloudFront's and Lambda's own names have AWS's TLS",
    ],
    [
      accessLogs !== undefined && front !== 'cloudfront',
      'accessLogs: only with front=cloudfront; the log of the function has a line for each request',
    ],
    [
      largeObjects !== undefined && front !== 'cloudfront',
      'largeObjects: only with front=cloudfront; other fronts redirect to S3',
    ],
    [
      largeObjects !== undefined && overflow === 'refuse',
      'largeObjects: not with overflow=refuse, which redirects nothing',
    ],
    [parsed.index && places.length === 0, 'index: only with pieces in the settings'],
    [parsed.index && places.length > 1, 'index: takes one place of indexes; the settings have several'],
    [keys !== undefined && sources.size === 0, 'kmsKeys: only with secrets'],
    [Buffer.byteLength(written.join('')) > MAX_SETTINGS, `settings, secrets: take ${MAX_SETTINGS} bytes together`],
    [alarmTopic !== undefined && alarmEmail !== undefined, 'alarmEmail: not together with alarmTopic'],
  ] as const;
  return [
    ...clashes.filter(([isClash]) => isClash).map(([, problem]) => problem),
    ...findUnusable(config, front).map((problem) => `settings: ${problem}`),
    ...findSecretClashes(config, sources),
  ].map((problem) => `  ${problem}`);
}

function describeIssue(issue: v.BaseIssue<unknown>, names: readonly string[]): string {
  const name = v.getDotPath(issue);
  if (name === null) return '  they take a table of options';
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown) return `  ${name}: no such option; there are ${names.join(', ')}`;
  // In the words of the function, which show values where they may be shown. Settings have a line for each problem.
  if (issue.type === 'raw_transform') return `  ${name}: ${issue.message.replaceAll('\n', '\n  ')}`;
  // Settings that are no JSON may have been written with a secret in them.
  if (name === 'settings') return `  ${name}: ${issue.message}`;
  return `  ${name}: ${issue.message}, not ${JSON.stringify(issue.input)?.slice(0, 80) ?? 'nothing'}`;
}

function toDeployment(parsed: Parsed): Deployment {
  const { front, domain, certificate, tls = 'TLSv1.2_2021' } = parsed;
  return {
    front,
    domain:
      domain === undefined || certificate === undefined
        ? undefined
        : { name: domain, certificateArn: certificate, tls: TLS_POLICIES[tls] },
    accessLogs: parsed.accessLogs,
    bucketName: parsed.bucket,
    largeObjects: toLargeObjects(parsed),
    prefix: parsed.prefix ?? '',
    settings: deployedSettings(parsed),
    secrets: parsed.secrets ?? new Map(),
    kmsKeys: parsed.kmsKeys ?? [],
    overflow: parsed.overflow,
    // S3 answers 403 for a missing key to a role that may not list. Taken for a denial, each would be a 502, and
    // anyone who guesses names would set off the alarm.
    forbidden: parsed.forbidden ?? (parsed.list ? undefined : 'missing'),
    linkSeconds: parsed.linkSeconds,
    memory: Size.mebibytes(parsed.memory),
    concurrency: parsed.concurrency,
    logRetention: parsed.logDays,
    readVersions: parsed.versions,
    listKeys: parsed.list,
    index: parsed.index ? piecePlaces(parsed.settings)[0] : undefined,
    alarms: toListener(parsed),
  };
}

/** The settings that the function gets: those that were written, with the defaults of the front. */
function deployedSettings({ front, settings: written }: Parsed): Deployment['settings'] {
  return front === 'cloudfront' ? withCacheControl(written) : written;
}

/** The policy of a bucket that exists is not changed, so CloudFront can't read it before its owner has allowed that. */
function toLargeObjects({ front, overflow, bucket, largeObjects }: Parsed): Deployment['largeObjects'] {
  if (front !== 'cloudfront' || overflow === 'refuse') return 's3';
  return largeObjects ?? (bucket === undefined ? 'cloudfront' : 's3');
}

function toListener({ alarmTopic, alarmEmail }: Parsed): Listener {
  if (alarmTopic !== undefined) return { kind: 'topic', arn: alarmTopic };
  if (alarmEmail !== undefined) return { kind: 'email', address: alarmEmail };
  return { kind: 'nobody' };
}
