import { describe, expect, test } from 'vitest';
import { parseLinkKeys, signLink } from '../../src/access/index.ts';
import { ANSWER_FIELDS, answerKey } from '../../src/http/answer-inputs.ts';
import { dig, toList } from './json.ts';
import { synthesise, type Resource } from './synthesise.ts';

const plain = synthesise({ front: 'cloudfront' });
/** A reference to an attribute of a resource. */
function arnOf({ id }: Resource, attribute: string) {
  return { 'Fn::GetAtt': [id, attribute] };
}

const config = dig(plain.one('AWS::CloudFront::Distribution').properties, 'DistributionConfig');

describe('the distribution', () => {
  test('has a default behaviour over the function: HTTPS, reads only, never compressed', () => {
    expect(dig(config, 'DefaultCacheBehavior')).toEqual({
      AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
      CachePolicyId: { Ref: plain.one('AWS::CloudFront::CachePolicy').id },
      OriginRequestPolicyId: { Ref: plain.one('AWS::CloudFront::OriginRequestPolicy').id },
      Compress: false,
      FunctionAssociations: [
        { EventType: 'viewer-request', FunctionARN: arnOf(plain.one('AWS::CloudFront::Function'), 'FunctionARN') },
      ],
      TargetOriginId: expect.any(String),
      ViewerProtocolPolicy: 'https-only',
    });
    expect(config).toMatchObject({ HttpVersion: 'http2and3', Enabled: true });
  });

  test('signs its requests to the function, with a longer timeout than that of the function', () => {
    expect(plain.one('AWS::CloudFront::OriginAccessControl').properties).toMatchObject({
      OriginAccessControlConfig: {
        OriginAccessControlOriginType: 'lambda',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    });
    const id = { 'Fn::GetAtt': [plain.one('AWS::CloudFront::OriginAccessControl').id, 'Id'] };
    expect(toList(dig(config, 'Origins'))[0]).toMatchObject({
      OriginAccessControlId: id,
      CustomOriginConfig: {
        OriginProtocolPolicy: 'https-only',
        OriginSSLProtocols: ['TLSv1.2'],
        OriginReadTimeout: 35,
      },
    });
  });

  test('caches no error', () => {
    const codes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
    expect(dig(config, 'CustomErrorResponses')).toEqual(
      codes.map((code) => ({ ErrorCode: code, ErrorCachingMinTTL: 0 })),
    );
  });

  const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b';

  test.each(['TLSv1.2_2021', 'TLSv1.2_2025', 'TLSv1.3_2025'])('takes a name with %s', (tls) => {
    const named = synthesise({ front: 'cloudfront', domain: 'get.example.com', certificate, tls });
    expect(named.one('AWS::CloudFront::Distribution').properties).toMatchObject({
      DistributionConfig: { ViewerCertificate: { MinimumProtocolVersion: tls } },
    });
  });

  test('takes a name and its certificate, and then TLS 1.2 at the least', () => {
    const named = synthesise({ front: 'cloudfront', domain: 'get.example.com', certificate });
    expect(named.one('AWS::CloudFront::Distribution').properties).toMatchObject({
      DistributionConfig: {
        Aliases: ['get.example.com'],
        ViewerCertificate: { AcmCertificateArn: certificate, MinimumProtocolVersion: 'TLSv1.2_2021' },
      },
    });
  });
});

describe('access logs', () => {
  test('are off by default', () => {
    expect(config).not.toHaveProperty('Logging');
    expect(plain.ofType('AWS::S3::Bucket')).toHaveLength(1);
  });

  test('go to their own private bucket, where they expire', () => {
    const stack = synthesise({ front: 'cloudfront', bucket: 'releases-of-example', accessLogs: '30' });
    const { id, properties, all } = stack.one('AWS::S3::Bucket');
    expect(all).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(properties).toMatchObject({
      LifecycleConfiguration: {
        Rules: [
          { ExpirationInDays: 30, Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        ],
      },
      // With BucketOwnerEnforced there are no ACLs, and CloudFront delivers nothing.
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] },
    });
    const logging = dig(stack.one('AWS::CloudFront::Distribution').properties, 'DistributionConfig', 'Logging');
    expect(JSON.stringify(dig(logging, 'Bucket'))).toContain(`{"Ref":"${id}"}`);
    expect(Object.keys(stack.template.findOutputs('AccessLogBucketName'))).toHaveLength(1);
  });
});

function cacheKeyOf(options: Readonly<Record<string, unknown>>): unknown {
  const { properties } = synthesise({ front: 'cloudfront', ...options }).one('AWS::CloudFront::CachePolicy');
  return dig(properties, 'CachePolicyConfig', 'ParametersInCacheKeyAndForwardedToOrigin');
}

const KEY = {
  QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: ['download'] },
  CookiesConfig: { CookieBehavior: 'none' },
  HeadersConfig: { HeaderBehavior: 'none' },
  EnableAcceptEncodingBrotli: false,
  EnableAcceptEncodingGzip: false,
};

const SIGNED = { type: 'signed' };
const REFERER = { type: 'referer', origins: ['https://example.com'], missing: 'allow' };
const KEYS = 'RANGEWAY_KEYS=secretsmanager:rangeway/keys';

function keyWith(access: unknown, secrets: string | undefined): unknown {
  return cacheKeyOf({ settings: { access }, ...(secrets === undefined ? {} : { secrets }) });
}

/** Every parameter that a link can have. */
async function linkParameters(): Promise<readonly string[]> {
  const terms = {
    expires: 1_800_003_600,
    notBefore: 1_800_000_000,
    prefix: '/a/',
    clientAddress: '203.0.113.9',
    downloadId: 'd1',
    fileName: 'a.bin',
    maxBytesPerSecond: 1_000,
  };
  const [key] = parseLinkKeys(`k1:${Buffer.alloc(32).toString('base64url')}`);
  return [...new URL(await signLink('https://files.example/a/b', terms, key)).searchParams.keys()];
}

describe('the cache', () => {
  test('serves a response to a signed link only to requests with the same link', async () => {
    const key = keyWith(SIGNED, KEYS);
    const parameters = toList(dig(key, 'QueryStringsConfig', 'QueryStrings')).map(String);
    expect(parameters.toSorted()).toEqual(['download', ...(await linkParameters())].toSorted());
    // CloudFront takes ten.
    expect(parameters.length).toBeLessThanOrEqual(10);
  });

  test('has Referer in its key if a rule needs it, so that the rule is evaluated', () => {
    const key = { ...KEY, HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Referer'] } };
    expect(keyWith(REFERER, undefined)).toEqual(key);
    expect(keyWith({ type: 'allOf', rules: ['public', { type: 'anyOf', rules: [REFERER] }] }, undefined)).toEqual(key);
  });

  test('uses the rules and origins of all mounts', () => {
    const mounts = [
      { path: '/a' },
      { path: '/b', access: { type: 'anyOf', rules: [REFERER, SIGNED] } },
      { path: '/c', cors: { origins: ['https://example.com'] } },
    ];
    expect(cacheKeyOf({ settings: { mounts }, secrets: KEYS })).toMatchObject({
      QueryStringsConfig: { QueryStrings: expect.arrayContaining(['rgw-kid', 'rgw-exp', 'rgw-sig']) },
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Origin', 'Referer'] },
    });
  });

  test('has one copy of a path, apart from ?download', () => {
    expect(cacheKeyOf({})).toEqual(KEY);
    expect(cacheKeyOf({ settings: { cors: { origins: '*' } } })).toEqual(KEY);
  });

  test('has the parameters of listings, and one of two words in place of Accept, if folders are listed as pages', () => {
    const { parameters } = answerKey({ hasListings: true });
    expect(cacheKeyOf({ settings: { listing: 'html' } })).toEqual({
      ...KEY,
      QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: parameters },
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['x-rangeway-format'] },
    });
    expect(cacheKeyOf({ settings: { listing: 'json' } })).toMatchObject({ HeadersConfig: { HeaderBehavior: 'none' } });
  });

  test('has the whole query if the list has more parameters than CloudFront takes', () => {
    const mounts = [{ listing: 'json' }, { path: '/b', access: SIGNED }];
    expect(cacheKeyOf({ settings: { mounts }, secrets: KEYS })).toMatchObject({
      QueryStringsConfig: { QueryStringBehavior: 'all' },
    });
  });

  test('has a copy for each origin if only some origins may read', () => {
    expect(cacheKeyOf({ settings: { cors: { origins: ['https://example.com'] } } })).toEqual({
      ...KEY,
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Origin'] },
    });
  });

  test('stores no response longer than its Cache-Control allows', () => {
    expect(plain.one('AWS::CloudFront::CachePolicy').properties).toMatchObject({
      CachePolicyConfig: { MinTTL: 0, DefaultTTL: 0, MaxTTL: 31_536_000 },
    });
  });
});

describe('fields and query', () => {
  const policy = dig(plain.one('AWS::CloudFront::OriginRequestPolicy').properties, 'OriginRequestPolicyConfig');

  test('all reach the function, but Host, Authorization and cookies', () => {
    expect(policy).toMatchObject({
      CookiesConfig: { CookieBehavior: 'none' },
      QueryStringsConfig: { QueryStringBehavior: 'all' },
      HeadersConfig: { HeaderBehavior: 'allExcept', Headers: ['Authorization', 'Host'] },
    });
  });

  test('a stored response differs only by those of the key, which is exactly the list', () => {
    const settings = {
      mounts: [
        { path: '/a', cors: { origins: ['https://example.com'] } },
        { path: '/b', access: { type: 'anyOf', rules: [REFERER, SIGNED] } },
      ],
    };
    const key = answerKey({ hasLinks: true, listsOrigins: true, listsReferers: true });
    expect(cacheKeyOf({ settings, secrets: KEYS })).toEqual({
      ...KEY,
      QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: key.parameters },
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: key.fields },
    });
    // The others are answered from one copy by CloudFront, or their responses are not stored.
    const others = Object.entries(ANSWER_FIELDS).filter(([name]) => !key.fields.some((field) => field === name));
    expect([...new Set(others.map(([, use]) => use))].toSorted()).toEqual([
      'client',
      'condition',
      'credentials',
      'digest',
      'format',
      'host',
      'observed',
      'pages',
      'preflight',
      'range',
      'redirect',
      'trace',
    ]);
  });
});
