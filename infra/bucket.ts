import { RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  HttpMethods,
  ObjectOwnership,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** The fields of a resumed or revalidated download that make a browser ask S3 first. */
const ALLOWED_HEADERS = ['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'];

/** The fields of S3's answer that a page needs in order to resume, and may not see otherwise. */
const EXPOSED_HEADERS = ['Accept-Ranges', 'Content-Disposition', 'Content-Length', 'Content-Range', 'ETag'];

/** As much of a bucket as the stack needs to know. */
export type ObjectBucket = Pick<IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects'>;

/**
 * A private bucket; it, and all versions of its objects, outlive the stack.
 *
 * @param hasEvents whether S3 sends the events of the bucket to EventBridge
 */
export function createBucket(scope: Construct, hasEvents: boolean): Bucket {
  const bucket = new Bucket(scope, 'Bucket', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    // A download that began before an object was replaced can be finished: redirects are pinned to a version.
    versioned: true,
    // Opens nothing, since CORS gives no access to what is not signed. It lets a page follow the gateway's redirect;
    // the browser then names the origin `null`, so that a list of origins would refuse all pages.
    cors: [
      {
        allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
        allowedOrigins: ['*'],
        allowedHeaders: ALLOWED_HEADERS,
        exposedHeaders: EXPOSED_HEADERS,
      },
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const resource = bucket.node.defaultChild;
  // Not by the property of Bucket, which sets it by a function whose role may change all buckets of the account.
  if (hasEvents && resource instanceof CfnBucket)
    resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  return bucket;
}

/** A bucket that exists, in the stack's region; nothing about it is changed. */
export function existingBucket(scope: Construct, name: string): ObjectBucket {
  return Bucket.fromBucketName(scope, 'Bucket', name);
}
