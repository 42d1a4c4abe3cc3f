import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction, FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { join } from 'node:path';
import type { ConfigInput } from '../src/config/config.ts';
import type { ObjectBucket } from './bucket.ts';
import { createDeployment } from './deployment.ts';
import type { Front } from './front.ts';
import { parseDeployment } from './options.ts';

export type { Front, ObjectBucket };

/** The properties of a gateway in a stack of one's own. Each may be left out. */
export interface RangewayProps {
  /** The address that clients use: by default `stream`, a public function URL that streams. */
  readonly front?: Front;
  /** The name of a bucket that exists in the stack's region. By default the construct makes one, which outlives it. */
  readonly bucket?: string;
  /** Only keys that start so are read: `releases/`. By default all. */
  readonly prefix?: string;
  /** The gateway's settings, as in its documentation. */
  readonly settings?: ConfigInput;
  /** The source of each secret that the settings name, by name: `secretsmanager:NAME` or `ssm:NAME`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** ARNs of your own KMS keys that these secrets are encrypted with. */
  readonly kmsKeys?: readonly string[];
  /** A host name of your own, with `certificate`. Only with the front `cloudfront`, as are the next three. */
  readonly domain?: string;
  /** The ARN of its certificate: of ACM, in us-east-1. */
  readonly certificate?: string;
  /** The oldest TLS that clients may use under `domain`. By default `TLSv1.2_2021`. */
  readonly tls?: 'TLSv1.2_2021' | 'TLSv1.2_2025' | 'TLSv1.3_2025';
  /** Days for which CloudFront's access logs are kept. By default there are none. */
  readonly accessLogs?: number;
  /** The policy for an answer that Lambda can't send. By default `redirect`, to a link of S3's. */
  readonly overflow?: 'redirect' | 'partial' | 'refuse';
  /**
   * The place of such a link: `cloudfront`, the distribution itself, whose cache then has large objects too; or `s3`.
   * By default `cloudfront` for the bucket that the construct makes, and `s3` for one that exists: `cloudfront` needs the
   * statement {@link Rangeway.bucketStatement} in its policy. Only with the front `cloudfront`.
   */
  readonly largeObjects?: 'cloudfront' | 's3';
  /** How long such a link lives, in seconds, from 1 to 604,800. By default 900. */
  readonly linkSeconds?: number;
  /** The meaning of a 403 of S3. By default `missing`, or, with `list`, `denied`. */
  readonly forbidden?: 'missing' | 'denied';
  /** Of the function, in MB, from 128 to 10,240. By default 512. */
  readonly memory?: number;
  /** Instances at the most, reserved from the account's quota. By default nothing is reserved. */
  readonly concurrency?: number;
  /** Days for which the function's log is kept. By default 14. */
  readonly logDays?: number;
  /** Whether the function may read versions by their id. By default it may. */
  readonly versions?: boolean;
  /** Whether the function may list the bucket, so that S3 tells missing from denied. By default it may not. */
  readonly list?: boolean;
  /**
   * Whether a function builds the piece index of each object when it is stored. By default none does. Needs `pieces` in
   * the settings; a bucket that exists has to send its events to EventBridge.
   */
  readonly index?: boolean;
  /** The ARN of an SNS topic that alarms go to. */
  readonly alarmTopic?: string;
  /** An address that alarms go to. */
  readonly alarmEmail?: string;
  /**
   * A folder with the function's code: `index.mjs`, with the exports `handler` and `streamHandler`, and with
   * `index` also `pieces.mjs`, with the export `indexHandler`. By default the gateway, as it is in the package.
   */
  readonly code?: string;
}

/** The gateway of the package, bundled when the package was built. */
const BUNDLED = join(import.meta.dirname, '../lambda');

/**
 * A gateway on Lambda over a bucket, as a part of a stack of one's own: bucket, function, function URL, alarms, and with
 * the front `cloudfront` a distribution. Needs aws-cdk-lib and constructs.
 *
 * @throws OptionsError that names every property which is unknown, wrong, or without effect
 *
 * @example
 * import { App, CfnOutput, Stack } from 'aws-cdk-lib';
 * import { Rangeway } from 'rangeway/cdk';
 *
 * const stack = new Stack(new App(), 'Downloads');
 * const gateway = new Rangeway(stack, 'Gateway', { prefix: 'releases/', settings: { cacheControl: 'max-age=60' } });
 * new CfnOutput(stack, 'Address', { value: gateway.functionUrl.url });
 */
export class Rangeway extends Construct {
  readonly bucket: ObjectBucket;
  readonly function: LambdaFunction;
  /** Behind CloudFront it refuses all callers but the distribution. */
  readonly functionUrl: FunctionUrl;
  /** With the front `cloudfront`. */
  readonly distribution: Distribution | undefined;
  /** The bucket of CloudFront's access logs, if they are kept. */
  readonly logBucket: IBucket | undefined;
  /** With `index`: the function that builds piece indexes. */
  readonly indexFunction: LambdaFunction | undefined;
  /** With `index`: the queue of events for which no index was built. */
  readonly indexFailures: IQueue | undefined;
  /** With `largeObjects: 'cloudfront'` and a bucket that exists: the statement that its policy needs. */
  readonly bucketStatement: PolicyStatement | undefined;

  constructor(scope: Construct, id: string, { code = BUNDLED, ...options }: RangewayProps = {}) {
    super(scope, id);
    const deployed = createDeployment(this, parseDeployment(options), code);
    this.bucket = deployed.bucket;
    this.function = deployed.function;
    this.functionUrl = deployed.functionUrl;
    this.distribution = deployed.distribution;
    this.logBucket = deployed.logBucket;
    this.indexFunction = deployed.index?.function;
    this.indexFailures = deployed.index?.deadLetters;
    this.bucketStatement = deployed.bucketStatement;
  }
}
