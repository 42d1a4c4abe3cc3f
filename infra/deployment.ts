import type { Size } from 'aws-cdk-lib';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import {
  type Function as LambdaFunction,
  FunctionUrlAuthType,
  type FunctionUrl,
  InvokeMode,
} from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { parseConfig } from '../src/config/config.ts';
import { createLogBucket } from './access-logs.ts';
import { createAlarms, type Listener } from './alarms.ts';
import { createBucket, existingBucket, type ObjectBucket } from './bucket.ts';
import { createDistribution, type Domain } from './distribution.ts';
import { cacheKeyOf, type Front } from './front.ts';
import { createFunction, type FunctionProps } from './function.ts';
import { createIndexFunction, type IndexFunction } from './index-function.ts';
import { createObjectBehavior, objectReadStatement } from './object-behavior.ts';
import type { PiecePlace } from './piece-places.ts';
import { createSigningKeys } from './signing-keys.ts';

/** The properties of a deployment, without its code; options.ts has the defaults. */
export interface Deployment extends Pick<
  FunctionProps,
  'overflow' | 'forbidden' | 'linkSeconds' | 'secrets' | 'kmsKeys'
> {
  readonly front: Front;
  /** Only with the front `cloudfront`. */
  readonly domain: Domain | undefined;
  /** Days for which CloudFront's access logs are kept; undefined for none. Only with the front `cloudfront`. */
  readonly accessLogs: number | undefined;
  /** The name of a bucket that exists in the stack's region; undefined for one of its own. */
  readonly bucketName: string | undefined;
  /** The place that large objects are redirected to. Only with the front `cloudfront`. */
  readonly largeObjects: 'cloudfront' | 's3';
  readonly prefix: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly memory: Size;
  readonly concurrency: number | undefined;
  readonly logRetention: RetentionDays;
  readonly readVersions: boolean;
  readonly listKeys: boolean;
  /** The place of the piece indexes that are built when objects are stored; undefined if none are built. */
  readonly index: PiecePlace | undefined;
  readonly alarms: Listener;
}

/** The resources of a deployment. */
export interface Deployed {
  readonly bucket: ObjectBucket;
  readonly function: LambdaFunction;
  readonly functionUrl: FunctionUrl;
  /** With the front `cloudfront`. */
  readonly distribution: Distribution | undefined;
  /** The bucket of CloudFront's access logs, if they are kept. */
  readonly logBucket: IBucket | undefined;
  /** The function that builds piece indexes, and the queue of events that it could not handle. */
  readonly index: IndexFunction | undefined;
  /** The statement that the policy of an existing bucket needs, so that the distribution can read large objects. */
  readonly bucketStatement: PolicyStatement | undefined;
}

/**
 * Adds a bucket, the gateway that reads it, and the address for clients.
 *
 * @param asset the folder of the bundled handler
 */
export function createDeployment(scope: Construct, deployment: Deployment, asset: string): Deployed {
  const { front, bucketName, largeObjects } = deployment;
  const ownBucket = bucketName === undefined ? createBucket(scope, deployment.index !== undefined) : undefined;
  const bucket = ownBucket ?? existingBucket(scope, bucketName ?? '');
  const handler = front === 'stream' ? 'streamHandler' : 'handler';
  const signingKeys = largeObjects === 'cloudfront' ? createSigningKeys(scope) : undefined;
  const fn = createFunction(scope, { ...deployment, bucket, asset, handler, signingKeys });
  const functionUrl = addUrl(fn, front);
  const place = deployment.index;
  const index = place && createIndexFunction(scope, { ...deployment, bucket, asset, place });
  createAlarms(scope, fn, deployment.alarms, index?.deadLetters);
  const deployed = { bucket, function: fn, functionUrl, index };
  if (front !== 'cloudfront') return { ...deployed, ...NO_DISTRIBUTION };
  const { domain, accessLogs } = deployment;
  const logBucket = accessLogs === undefined ? undefined : createLogBucket(scope, accessLogs);
  const cacheKey = cacheKeyOf(parseConfig(deployment.settings));
  const objects = signingKeys && createObjectBehavior(scope, bucket, signingKeys.keyGroup);
  const distribution = createDistribution(scope, { functionUrl, domain, cacheKey, objects, logBucket });
  if (objects === undefined) return { ...deployed, distribution, logBucket, bucketStatement: undefined };
  const { prefix, readVersions } = deployment;
  const statement = objectReadStatement(bucket, prefix, distribution.distributionArn, readVersions);
  if (ownBucket === undefined) return { ...deployed, distribution, logBucket, bucketStatement: statement };
  ownBucket.addToResourcePolicy(statement);
  return { ...deployed, distribution, logBucket, bucketStatement: undefined };
}

const NO_DISTRIBUTION = { distribution: undefined, logBucket: undefined, bucketStatement: undefined };

/** No CORS here: the gateway answers it, and two answers are none to a browser. */
function addUrl(fn: LambdaFunction, front: Front): FunctionUrl {
  return fn.addFunctionUrl({
    authType: front === 'cloudfront' ? FunctionUrlAuthType.AWS_IAM : FunctionUrlAuthType.NONE,
    invokeMode: front === 'stream' ? InvokeMode.RESPONSE_STREAM : InvokeMode.BUFFERED,
  });
}
