import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Rangeway, type RangewayProps } from './rangeway.ts';

/** The properties of the stack. */
export interface RangewayStackProps extends StackProps {
  readonly gateway: RangewayProps;
}

/** A stack that holds a gateway and nothing else, with the addresses as outputs. */
export class RangewayStack extends Stack {
  constructor(scope: Construct, id: string, props: RangewayStackProps) {
    super(scope, id, props);
    // The CDK leaves this name out of the logical ids, so that they are those of the resources alone.
    const gateway = new Rangeway(this, 'Default', props.gateway);
    const { bucket, functionUrl, distribution, logBucket, indexFailures, bucketStatement } = gateway;
    output(this, 'BucketName', bucket.bucketName, 'Where the objects are');
    output(
      this,
      'FunctionUrl',
      functionUrl.url,
      'The address of the function; behind CloudFront it refuses all others',
    );
    if (logBucket !== undefined) output(this, 'AccessLogBucketName', logBucket.bucketName, "CloudFront's access logs");
    if (indexFailures !== undefined)
      output(this, 'IndexFailuresUrl', indexFailures.queueUrl, 'The queue of objects without a piece index');
    if (bucketStatement !== undefined) {
      const statement = this.toJsonString(bucketStatement.toStatementJson());
      output(this, 'BucketPolicyStatement', statement, 'Add it to the policy of the bucket');
    }
    if (distribution === undefined) return;
    const { domainName } = distribution;
    output(this, 'DistributionDomain', domainName, 'The address for clients, and the target of your own name');
  }
}

function output(scope: Construct, id: string, value: string, description: string): CfnOutput {
  return new CfnOutput(scope, id, { value, description });
}
