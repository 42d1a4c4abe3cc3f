import { describe, expect, test } from 'vitest';
import { dig } from './json.ts';
import { synthesise } from './synthesise.ts';

const plain = synthesise({ front: 'cloudfront' });
const config = dig(plain.one('AWS::CloudFront::Distribution').properties, 'DistributionConfig');

describe('the distribution', () => {
  test('has one behaviour: HTTPS, reads only, never compressed', () => {
    expect(dig(config, 'DefaultCacheBehavior')).toEqual({
      AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
      CachePolicyId: { Ref: plain.one('AWS::CloudFront::CachePolicy').id },
      OriginRequestPolicyId: { Ref: plain.one('AWS::CloudFront::OriginRequestPolicy').id },
      Compress: false,
      TargetOriginId: expect.any(String),
      ViewerProtocolPolicy: 'https-only',
    });
    expect(config).not.toHaveProperty('CacheBehaviors');
    expect(config).toMatchObject({ HttpVersion: 'http2and3', Enabled: true });
  });

  test('signs its requests to the function, and waits longer than the function may take', () => {
    expect(plain.one('AWS::CloudFront::OriginAccessControl').properties).toMatchObject({
      OriginAccessControlConfig: {
        OriginAccessControlOriginType: 'lambda',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    });
    const id = { 'Fn::GetAtt': [plain.one('AWS::CloudFront::OriginAccessControl').id, 'Id'] };
    expect(dig(config, 'Origins')).toMatchObject([
      {
        OriginAccessControlId: id,
        CustomOriginConfig: {
          OriginProtocolPolicy: 'https-only',
          OriginSSLProtocols: ['TLSv1.2'],
          OriginReadTimeout: 35,
        },
      },
    ]);
  });

  test('keeps no error', () => {
    const codes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
    expect(dig(config, 'CustomErrorResponses')).toEqual(
      codes.map((code) => ({ ErrorCode: code, ErrorCachingMinTTL: 0 })),
    );
  });

  test('takes a name and its certificate, and then TLS 1.2 at the least', () => {
    const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b';
    const named = synthesise({ front: 'cloudfront', domain: 'get.example.com', certificate });
    expect(named.one('AWS::CloudFront::Distribution').properties).toMatchObject({
      DistributionConfig: {
        Aliases: ['get.example.com'],
        ViewerCertificate: { AcmCertificateArn: certificate, MinimumProtocolVersion: 'TLSv1.2_2021' },
      },
    });
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

describe('the cache', () => {
  test('has one copy of a path, apart from ?download', () => {
    expect(cacheKeyOf({})).toEqual(KEY);
    expect(cacheKeyOf({ settings: { cors: { origins: '*' } } })).toEqual(KEY);
  });

  test('has a copy for each origin where only some may read', () => {
    expect(cacheKeyOf({ settings: { cors: { origins: ['https://example.com'] } } })).toEqual({
      ...KEY,
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['Origin'] },
    });
  });

  test('keeps nothing longer than the gateway says', () => {
    expect(plain.one('AWS::CloudFront::CachePolicy').properties).toMatchObject({
      CachePolicyConfig: { MinTTL: 0, DefaultTTL: 0, MaxTTL: 31_536_000 },
    });
  });
});

test('ranges, conditions and CORS reach the function, and nothing else does', () => {
  const policy = dig(plain.one('AWS::CloudFront::OriginRequestPolicy').properties, 'OriginRequestPolicyConfig');
  expect(policy).toMatchObject({
    CookiesConfig: { CookieBehavior: 'none' },
    QueryStringsConfig: { QueryStringBehavior: 'none' },
    HeadersConfig: {
      HeaderBehavior: 'whitelist',
      Headers: [
        'Range',
        'If-Range',
        'If-Match',
        'If-None-Match',
        'If-Modified-Since',
        'If-Unmodified-Since',
        'Origin',
        'Access-Control-Request-Method',
        'Access-Control-Request-Headers',
      ],
    },
  });
});
