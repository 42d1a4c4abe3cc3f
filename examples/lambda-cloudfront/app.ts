import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Rangeway } from 'rangeway/cdk';

const stack = new Stack(new App(), 'Downloads');

const gateway = new Rangeway(stack, 'Gateway', {
  front: 'cloudfront',
  settings: { cacheControl: 'public, max-age=60, s-maxage=3600' },
});

new CfnOutput(stack, 'Bucket', { value: gateway.bucket.bucketName });
new CfnOutput(stack, 'Address', { value: `https://${gateway.distribution?.distributionDomainName}/` });
