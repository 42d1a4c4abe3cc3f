import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleHandler } from './bundle.ts';
import { Rangeway, type RangewayProps } from './rangeway.ts';

/** The properties of the stack. */
export interface RangewayStackProps extends StackProps {
  /** The module with the exports `handler` and `streamHandler`. */
  readonly entry: string;
  readonly gateway: RangewayProps;
}

/** A stack that holds a gateway and nothing else, with the addresses as outputs. */
export class RangewayStack extends Stack {
  constructor(scope: Construct, id: string, props: RangewayStackProps) {
    super(scope, id, props);
    // The CDK leaves this name out of the logical ids, so that they are those of the resources alone.
    const gateway = withAsset(props.entry, (code) => new Rangeway(this, 'Default', { ...props.gateway, code }));
    const { bucket, functionUrl, distribution, logBucket, bucketStatement } = gateway;
    output(this, 'BucketName', bucket.bucketName, 'Where the objects are');
    output(
      this,
      'FunctionUrl',
      functionUrl.url,
      'The address of the function; behind CloudFront it refuses all others',
    );
    if (logBucket !== undefined) output(this, 'AccessLogBucketName', logBucket.bucketName, "CloudFront's access logs");
    if (bucketStatement !== undefined) {
      const statement = this.toJsonString(bucketStatement.toStatementJson());
      output(this, 'BucketPolicyStatement', statement, 'Add it to the policy of the bucket');
    }
    if (distribution === undefined) return;
    const { domainName } = distribution;
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

function output(scope: Construct, id: string, value: string, description: string): CfnOutput {
  return new CfnOutput(scope, id, { value, description });
}
