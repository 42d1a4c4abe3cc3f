import { Duration, RemovalPolicy, type Size } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { CDN_KEY, CDN_KEY_ID, type LambdaConfig } from '../src/platform/lambda/environment.ts';
import { printSecretSource, type SecretSources } from '../src/platform/lambda/secret-sources.ts';
import type { ObjectBucket } from './bucket.ts';
import type { Front } from './front.ts';
import type { HANDLERS } from './handlers.ts';
import { indexesArn, indexKeys, listStatement, piecePlaces } from './piece-places.ts';
import { toSecretStatements } from './secrets.ts';
import type { SigningKeys } from './signing-keys.ts';

/** The properties of the function. */
export interface FunctionProps {
  /** The folder of the bundled handler. */
  readonly asset: string;
  readonly handler: (typeof HANDLERS)[number];
  readonly bucket: ObjectBucket;
  /** Only objects whose keys start so are read; empty for all. */
  readonly prefix: string;
  /** The gateway's settings, passed on as they are. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The policy for a response that is too large; undefined for the default of the function, as below. */
  readonly overflow: LambdaConfig['overflow'] | undefined;
  /** The meaning of a 403 of S3. */
  readonly forbidden: LambdaConfig['forbidden'] | undefined;
  /** The lifetime of a link, in seconds; shorter if the role's credentials expire before. */
  readonly linkSeconds: LambdaConfig['linkSeconds'] | undefined;
  /** With `cloudfront`, CloudFront alone may call the function, and its word on the client's address is taken. */
  readonly front: Front;
  /** The sources of the secrets that the settings name. */
  readonly secrets: SecretSources;
  /** The key that signs addresses of CloudFront; undefined for links to S3. */
  readonly signingKeys: SigningKeys | undefined;
  /** ARNs of the customer's own keys that secrets are encrypted with. */
  readonly kmsKeys: readonly string[];
  readonly memory: Size;
  /** Instances at the most, taken from the account's quota; undefined for as many as that allows. */
  readonly concurrency: number | undefined;
  readonly logRetention: RetentionDays;
  /** Whether the function may read versions by their id. */
  readonly readVersions: boolean;
  /** Whether S3 may tell the function that a key does not exist. */
  readonly listKeys: boolean;
}

/** A stream lasts as long as its download, up to Lambda's own limit; a buffered answer is 6 MB at the most. */
const TIMEOUTS = { handler: Duration.seconds(30), streamHandler: Duration.minutes(15) } as const;

/** The function, with a log group and a role of its own. */
export function createFunction(scope: Construct, props: FunctionProps): LambdaFunction {
  const logGroup = new LogGroup(scope, 'Log', {
    retention: props.logRetention,
    // Its name is generated: kept, it would be one more orphan after each stack.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new LambdaFunction(scope, 'Function', {
    description: 'Rangeway, a download gateway',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(props.asset),
    handler: `index.${props.handler}`,
    role: createRole(scope, props, logGroup),
    logGroup,
    memorySize: props.memory.toMebibytes(),
    timeout: TIMEOUTS[props.handler],
    tracing: Tracing.DISABLED,
    environment: toEnvironment(props),
    ...(props.concurrency === undefined ? {} : { reservedConcurrentExecutions: props.concurrency }),
  });
}

/** Instead of the role that CDK makes, whose managed policy reaches every log group of the account. */
function createRole(scope: Construct, props: FunctionProps, logGroup: LogGroup): Role {
  const { signingKeys } = props;
  const secrets = [
    ...toSecretStatements(scope, props.secrets, props.kmsKeys),
    ...(signingKeys === undefined ? [] : [readStatement(signingKeys)]),
  ];
  return new Role(scope, 'Role', {
    description: 'What Rangeway may do: read objects, write its log',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      objects: new PolicyDocument({ statements: toObjectStatements(scope, props) }),
      ...(secrets.length === 0 ? {} : { secrets: new PolicyDocument({ statements: secrets }) }),
      log: new PolicyDocument({
        statements: [
          new PolicyStatement({
            effect: Effect.ALLOW,
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            // Ends in `:*`, the streams of this group: they have no names yet.
            resources: [logGroup.logGroupArn],
          }),
        ],
      }),
    },
  });
}

function readStatement({ secretArn }: SigningKeys): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ['secretsmanager:GetSecretValue'],
    resources: [secretArn],
  });
}

function toObjectStatements(scope: Construct, props: FunctionProps): PolicyStatement[] {
  const { bucket, prefix, settings, readVersions, listKeys } = props;
  // Indexes are outside of the prefix, because they are those of the whole bucket.
  const outside = piecePlaces(settings).filter((place) => prefix !== '' || place.bucket !== undefined);
  const read = new PolicyStatement({
    effect: Effect.ALLOW,
    // HEAD needs no more. A link that is pinned to a version is refused without the second one.
    actions: readVersions ? ['s3:GetObject', 's3:GetObjectVersion'] : ['s3:GetObject'],
    resources: [bucket.arnForObjects(`${prefix}*`), ...outside.map((place) => indexesArn(scope, bucket, place))],
  });
  if (!listKeys) return [read];
  // A role that may not list a bucket gets 403 for a missing key, so that names can't be probed. With this,
  // S3 answers 404. The price is that the function's role could list what it may read anyway.
  const folders = outside.filter((place) => place.bucket === undefined).map(indexKeys);
  return [read, listStatement(bucket.bucketArn, prefix === '' ? [] : [`${prefix}*`, ...folders])];
}

function toEnvironment(props: FunctionProps): Record<string, string> {
  const { bucket, prefix, settings, overflow, forbidden, linkSeconds, front, secrets, signingKeys } = props;
  const places = [...secrets].map(([name, source]) => [name, printSecretSource(source)] as const);
  return {
    RANGEWAY_BUCKET: bucket.bucketName,
    ...(prefix === '' ? {} : { RANGEWAY_PREFIX: prefix }),
    RANGEWAY_SETTINGS: JSON.stringify(settings),
    ...(overflow === undefined ? {} : { RANGEWAY_OVERFLOW: overflow }),
    ...(forbidden === undefined ? {} : { RANGEWAY_FORBIDDEN: forbidden }),
    ...(linkSeconds === undefined ? {} : { RANGEWAY_LINK_SECONDS: String(linkSeconds) }),
    ...(front === 'cloudfront' ? { RANGEWAY_FRONT: 'distribution' } : {}),
    ...(signingKeys === undefined
      ? {}
      : { [CDN_KEY]: `secretsmanager:${signingKeys.secretName}`, [CDN_KEY_ID]: signingKeys.keyId }),
    ...(places.length === 0 ? {} : { RANGEWAY_SECRETS: JSON.stringify(Object.fromEntries(places)) }),
  };
}
