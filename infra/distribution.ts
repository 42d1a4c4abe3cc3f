import { Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  type ErrorResponse,
  HttpVersion,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  type SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IFunctionUrl } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AnswerKey } from '../src/http/answer-inputs.ts';
import { OBJECT_PATH } from '../src/platform/lambda/cdn-links.ts';
import { EDGE_FIELDS } from '../src/platform/lambda/event.ts';
import { createEdgeFunction, VIEWER_FUNCTION } from './edge-functions.ts';

/** A name of one's own for the distribution. */
export interface Domain {
  readonly name: string;
  /** Of ACM, in us-east-1, whatever the stack's region. */
  readonly certificateArn: string;
  /** The oldest TLS that clients may use. */
  readonly tls: SecurityPolicyProtocol;
}

/** The properties of the distribution. */
export interface DistributionProps {
  /** With IAM: CloudFront signs its requests, and all other callers are refused. */
  readonly functionUrl: IFunctionUrl;
  readonly domain: Domain | undefined;
  /** All other parameters are neither forwarded nor part of the key. */
  readonly cacheKey: AnswerKey;
  /** The behaviour over the bucket; undefined if large objects are redirected to S3. */
  readonly objects: BehaviorOptions | undefined;
  /** Where access logs go; undefined for none. */
  readonly logBucket: IBucket | undefined;
}

/**
 * The fields of clients that do not reach the function: Authorization, where CloudFront's own signature goes, and Host,
 * by which the function URL knows itself. All others do, and so does the whole query. Those on which a stored response
 * depends are in the key ({@link DistributionProps.cacheKey}). The fields that the edge function sets are not, since every client would
 * have a copy of its own: the responses that depend on them are private or redirects, and not stored.
 */
const WITHHELD_HEADERS = ['Authorization', 'Host'];

/**
 * The errors that CloudFront keeps for ten seconds unless told otherwise, whatever their Cache-Control says: a file
 * that was just published must not stay missing. It keeps 416 never, and 412 only with a max-age, which the gateway
 * does not send; 412 is not accepted here.
 */
const ERRORS = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/** How long CloudFront waits for the function: longer than the function may take. */
const READ_TIMEOUT = Duration.seconds(35);

/** A distribution that alone may call the function URL. */
export function createDistribution(scope: Construct, props: DistributionProps): Distribution {
  return new Distribution(scope, 'Distribution', {
    comment: 'Rangeway, a download gateway',
    defaultBehavior: {
      origin: FunctionUrlOrigin.withOriginAccessControl(props.functionUrl, { readTimeout: READ_TIMEOUT }),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      cachePolicy: createCachePolicy(scope, props),
      originRequestPolicy: createOriginRequestPolicy(scope),
      functionAssociations: [createEdgeFunction(scope, 'ViewerFunction', VIEWER_FUNCTION)],
      // Compressed on the way, a file loses its length and its strong ETag, and so its ranges.
      compress: false,
    },
    ...(props.objects === undefined ? {} : { additionalBehaviors: { [`${OBJECT_PATH}*`]: props.objects } }),
    errorResponses: ERRORS.map((httpStatus): ErrorResponse => ({ httpStatus, ttl: Duration.seconds(0) })),
    httpVersion: HttpVersion.HTTP2_AND_3,
    ...toDomainProps(scope, props.domain),
    ...(props.logBucket === undefined ? {} : { enableLogging: true, logBucket: props.logBucket }),
  });
}

/** Without a name of one's own there is nothing to choose: under cloudfront.net, CloudFront takes TLS 1.0 too. */
function toDomainProps(scope: Construct, domain: Domain | undefined) {
  if (domain === undefined) return {};
  return {
    domainNames: [domain.name],
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', domain.certificateArn),
    minimumProtocolVersion: domain.tls,
  };
}

/** The most parameters that a cache policy can list. Above it, all of a query is in the key. */
const MAX_PARAMETERS = 10;

/** One copy for all requests with the same path and key. Range is not in the key: CloudFront keeps the parts of a file by itself. */
function createCachePolicy(scope: Construct, { cacheKey }: DistributionProps): CachePolicy {
  const { parameters } = cacheKey;
  // Accept would be another key for every kind of browser: the edge function makes one of two words from it.
  const fields = cacheKey.fields.map((name) => (name === 'Accept' ? EDGE_FIELDS.format : name));
  return new CachePolicy(scope, 'CachePolicy', {
    comment: 'Rangeway: the path, and what the origin says about freshness',
    queryStringBehavior:
      parameters.length > MAX_PARAMETERS
        ? CacheQueryStringBehavior.all()
        : CacheQueryStringBehavior.allowList(...parameters),
    headerBehavior: fields.length === 0 ? CacheHeaderBehavior.none() : CacheHeaderBehavior.allowList(...fields),
    cookieBehavior: CacheCookieBehavior.none(),
    enableAcceptEncodingBrotli: false,
    enableAcceptEncodingGzip: false,
    // No more than Cache-Control allows, and nothing without it: a redirect is never kept, and an object that may be
    // replaced is asked for again. Above 0, the least would hold for `private` and `no-store` too.
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.days(365),
  });
}

function createOriginRequestPolicy(scope: Construct): OriginRequestPolicy {
  return new OriginRequestPolicy(scope, 'AllFieldsPolicy', {
    comment: 'Rangeway: everything but Authorization, Host and cookies',
    headerBehavior: OriginRequestHeaderBehavior.denyList(...WITHHELD_HEADERS),
    // A redirect to a folder repeats the query.
    queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    cookieBehavior: OriginRequestCookieBehavior.none(),
  });
}
