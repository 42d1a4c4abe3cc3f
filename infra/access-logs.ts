import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/**
 * A private bucket for CloudFront's standard access logs.
 *
 * @param days how long a log is kept
 */
export function createLogBucket(scope: Construct, days: number): IBucket {
  const { bucketName } = new Bucket(scope, 'AccessLogs', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    // CloudFront delivers by an ACL, which a bucket without ACLs refuses. The account owns the files all the same.
    objectOwnership: ObjectOwnership.BUCKET_OWNER_PREFERRED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(days), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    // A bucket that is not empty can't be deleted with its stack. This one empties itself.
    removalPolicy: RemovalPolicy.RETAIN,
  });
  // The compiler's exactOptionalPropertyTypes takes no Bucket for an IBucket.
  return Bucket.fromBucketName(scope, 'AccessLogsByName', bucketName);
}
