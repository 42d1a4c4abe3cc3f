import { Duration } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  type BehaviorOptions,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  ResponseHeadersPolicy,
  S3OriginAccessControl,
  ViewerProtocolPolicy,
  type KeyGroup,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { EXPOSED_HEADERS } from '../src/http/cors.ts';
import type { ObjectBucket } from './bucket.ts';
import { createEdgeFunction, OBJECT_FUNCTION, TAG_FIELD } from './edge-functions.ts';

const YEAR = Duration.days(365);

/**
 * The behaviour over the bucket, for objects that the function can't send. Every address of it is signed by the gateway
 * and names the bytes of one version, so CloudFront keeps them for a year, whatever their Cache-Control says.
 */
export function createObjectBehavior(scope: Construct, bucket: ObjectBucket, keyGroup: KeyGroup): BehaviorOptions {
  const access = new S3OriginAccessControl(scope, 'ObjectAccess', { description: 'Rangeway reads its bucket' });
  // By name: the CDK would allow the whole bucket, and warn about one that is not its own.
  const byName = Bucket.fromBucketName(scope, 'BucketByName', bucket.bucketName);
  return {
    origin: S3BucketOrigin.withBucketDefaults(byName, { originAccessControlId: access.originAccessControlId }),
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    trustedKeyGroups: [keyGroup],
    functionAssociations: [createEdgeFunction(scope, 'ObjectFunction', OBJECT_FUNCTION)],
    cachePolicy: createPolicy(scope),
    originRequestPolicy: new OriginRequestPolicy(scope, 'ObjectRequestPolicy', {
      comment: 'Rangeway: the entity tag that an object has to have',
      headerBehavior: OriginRequestHeaderBehavior.allowList('If-Match'),
      queryStringBehavior: OriginRequestQueryStringBehavior.none(),
      cookieBehavior: OriginRequestCookieBehavior.none(),
    }),
    responseHeadersPolicy: createResponsePolicy(scope),
    compress: false,
  };
}

/** The edge function sets all of it, from the signed path. */
function createPolicy(scope: Construct): CachePolicy {
  return new CachePolicy(scope, 'ObjectCachePolicy', {
    comment: 'Rangeway: one version of an object, for a year',
    queryStringBehavior: CacheQueryStringBehavior.allowList('versionId', 'response-content-disposition'),
    headerBehavior: CacheHeaderBehavior.allowList(TAG_FIELD),
    cookieBehavior: CacheCookieBehavior.none(),
    enableAcceptEncodingBrotli: false,
    enableAcceptEncodingGzip: false,
    minTtl: YEAR,
    defaultTtl: YEAR,
    maxTtl: YEAR,
  });
}

/** CORS opens nothing: only the holder of a signed address is answered, and a page gets it from the gateway, if it may. */
function createResponsePolicy(scope: Construct): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(scope, 'ObjectResponsePolicy', {
    comment: 'Rangeway: bytes of one version, for one client',
    corsBehavior: {
      accessControlAllowCredentials: false,
      accessControlAllowHeaders: ['*'],
      accessControlAllowMethods: ['GET', 'HEAD'],
      accessControlAllowOrigins: ['*'],
      accessControlExposeHeaders: EXPOSED_HEADERS,
      originOverride: true,
    },
    securityHeadersBehavior: { contentTypeOptions: { override: true } },
    customHeadersBehavior: {
      // Applies to the caches of clients alone.
      customHeaders: [{ header: 'Cache-Control', value: 'private, no-transform', override: true }],
    },
  });
}

/**
 * The statement of the bucket's policy by which one distribution reads its objects.
 *
 * @param prefix only objects whose keys start so; empty for all
 */
export function objectReadStatement(
  bucket: ObjectBucket,
  prefix: string,
  distributionArn: string,
  readVersions: boolean,
): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.ALLOW,
    principals: [new ServicePrincipal('cloudfront.amazonaws.com')],
    actions: readVersions ? ['s3:GetObject', 's3:GetObjectVersion'] : ['s3:GetObject'],
    resources: [bucket.arnForObjects(`${prefix}*`)],
    conditions: { StringEquals: { 'AWS:SourceArn': distributionArn } },
  });
}
