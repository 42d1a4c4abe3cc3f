import { CfnOutput, Stack, type Size, type StackProps } from 'aws-cdk-lib';
import {
  type Function as LambdaFunction,
  FunctionUrlAuthType,
  type FunctionUrl,
  InvokeMode,
} from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../src/gateway/config.ts';
import { createLogBucket } from './access-logs.ts';
import { createAlarms, type Listener } from './alarms.ts';
import { createBucket, existingBucket } from './bucket.ts';
import { bundleHandler } from './bundle.ts';
import { createDistribution, type Domain } from './distribution.ts';
import { cacheKeyOf, type Front } from './front.ts';
import { createFunction, type FunctionProps } from './function.ts';

/** What a stack is made of; options.ts has the defaults. */
export interface RangewayStackProps
  extends StackProps, Pick<FunctionProps, 'overflow' | 'forbidden' | 'linkSeconds' | 'secrets' | 'kmsKeys'> {
  /** The module with the exports `handler` and `streamHandler`. */
  readonly entry: string;
  readonly front: Front;
  /** Only with the front `cloudfront`. */
  readonly domain: Domain | undefined;
  /** Days for which CloudFront's access logs are kept; undefined for none. Only with the front `cloudfront`. */
  readonly accessLogs: number | undefined;
  /** The name of a bucket that exists in the stack's region; undefined for one of its own. */
  readonly bucketName: string | undefined;
  readonly prefix: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly memory: Size;
  readonly concurrency: number | undefined;
  readonly logRetention: RetentionDays;
  readonly readVersions: boolean;
  readonly listKeys: boolean;
  readonly alarms: Listener;
}

/** A bucket, the gateway that reads it, and what clients talk to. */
export class RangewayStack extends Stack {
  constructor(scope: Construct, id: string, props: RangewayStackProps) {
    super(scope, id, props);
    const { front, bucketName } = props;
    const bucket = bucketName === undefined ? createBucket(this) : existingBucket(this, bucketName);
    const fn = withAsset(props.entry, (asset) =>
      createFunction(this, { ...props, bucket, asset, handler: front === 'stream' ? 'streamHandler' : 'handler' }),
    );
    const functionUrl = addUrl(fn, front);
    createAlarms(this, fn, props.alarms);
    output(this, 'BucketName', bucket.bucketName, 'Where the objects are');
    output(
      this,
      'FunctionUrl',
      functionUrl.url,
      'The address of the function; behind CloudFront it refuses all others',
    );
    if (front !== 'cloudfront') return;
    const { domain, accessLogs } = props;
    const logBucket = accessLogs === undefined ? undefined : createLogBucket(this, accessLogs);
    const cacheKey = cacheKeyOf(parseConfig(props.settings));
    const { domainName } = createDistribution(this, { functionUrl, domain, cacheKey, logBucket });
    if (logBucket !== undefined) output(this, 'AccessLogBucketName', logBucket.bucketName, "CloudFront's access logs");
    output(this, 'DistributionDomain', domainName, 'The address for clients, and the target of your own name');
  }
}

/** The folder is needed no longer than this: the CDK copies it into its own. */
function withAsset<T>(entry: string, use: (asset: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'rangeway-lambda-'));
  try {
    bundleHandler(entry, folder);
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** No CORS here: the gateway answers it, and two answers are none to a browser. */
function addUrl(fn: LambdaFunction, front: Front): FunctionUrl {
  return fn.addFunctionUrl({
    authType: front === 'cloudfront' ? FunctionUrlAuthType.AWS_IAM : FunctionUrlAuthType.NONE,
    invokeMode: front === 'stream' ? InvokeMode.RESPONSE_STREAM : InvokeMode.BUFFERED,
  });
}

function output(scope: Construct, id: string, value: string, description: string): CfnOutput {
  return new CfnOutput(scope, id, { value, description });
}
