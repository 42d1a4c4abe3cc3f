import { describe, expect, test } from 'vitest';
import { OBJECT_FUNCTION, VIEWER_FUNCTION } from '../../infra/edge-functions.ts';
import { MAKER } from '../../infra/signing-keys.ts';
import { dig, isRecord, type Json, objectsIn, toList } from './json.ts';
import { synthesise, type Synthesised } from './synthesise.ts';
import { VARIANTS } from './variants.ts';

const own = synthesise({ front: 'cloudfront' });
const existing = synthesise({ front: 'cloudfront', bucket: 'releases-of-example' });
const allowed = synthesise({
  front: 'cloudfront',
  bucket: 'releases-of-example',
  prefix: 'pub/',
  versions: false,
  largeObjects: 'cloudfront',
});

function configOf({ one }: Synthesised): unknown {
  return dig(one('AWS::CloudFront::Distribution').properties, 'DistributionConfig');
}

function ref(stack: Synthesised, type: string): Json {
  return { Ref: stack.oneForObjects(type).id };
}

describe('the behaviour over the bucket', () => {
  const [behaviour, ...others] = toList(dig(configOf(own), 'CacheBehaviors'));

  test('takes only addresses that the key group has signed, and runs the function that pins them', () => {
    expect(others).toEqual([]);
    expect(behaviour).toEqual({
      PathPattern: '/.rangeway/object/*',
      AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
      CachePolicyId: ref(own, 'AWS::CloudFront::CachePolicy'),
      OriginRequestPolicyId: ref(own, 'AWS::CloudFront::OriginRequestPolicy'),
      ResponseHeadersPolicyId: ref(own, 'AWS::CloudFront::ResponseHeadersPolicy'),
      Compress: false,
      FunctionAssociations: [
        {
          EventType: 'viewer-request',
          FunctionARN: { 'Fn::GetAtt': [own.oneForObjects('AWS::CloudFront::Function').id, 'FunctionARN'] },
        },
      ],
      TargetOriginId: expect.any(String),
      TrustedKeyGroups: [ref(own, 'AWS::CloudFront::KeyGroup')],
      ViewerProtocolPolicy: 'https-only',
    });
    expect(own.oneForObjects('AWS::CloudFront::KeyGroup').properties).toMatchObject({
      KeyGroupConfig: { Items: [ref(own, 'AWS::CloudFront::PublicKey')] },
    });
  });

  test('reads the bucket with the signature of its own origin access control', () => {
    const origin = toList(dig(configOf(own), 'Origins')).find(
      (one) => dig(one, 'Id') === dig(behaviour, 'TargetOriginId'),
    );
    const control = own.oneForObjects('AWS::CloudFront::OriginAccessControl');
    expect(origin).toMatchObject({
      OriginAccessControlId: { 'Fn::GetAtt': [control.id, 'Id'] },
      // Without an identity of the older kind.
      S3OriginConfig: { OriginAccessIdentity: '' },
    });
    expect(JSON.stringify(dig(origin, 'DomainName'))).toContain(own.one('AWS::S3::Bucket').id);
    expect(control.properties).toMatchObject({
      OriginAccessControlConfig: {
        OriginAccessControlOriginType: 's3',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    });
  });

  test('keeps one version of an object for a year, whatever its Cache-Control says', () => {
    expect(own.oneForObjects('AWS::CloudFront::CachePolicy').properties).toMatchObject({
      CachePolicyConfig: {
        MinTTL: 31_536_000,
        DefaultTTL: 31_536_000,
        MaxTTL: 31_536_000,
        ParametersInCacheKeyAndForwardedToOrigin: {
          QueryStringsConfig: {
            QueryStringBehavior: 'whitelist',
            QueryStrings: ['versionId', 'response-content-disposition'],
          },
          HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['x-rangeway-tag'] },
          CookiesConfig: { CookieBehavior: 'none' },
          EnableAcceptEncodingBrotli: false,
          EnableAcceptEncodingGzip: false,
        },
      },
    });
    expect(own.oneForObjects('AWS::CloudFront::OriginRequestPolicy').properties).toMatchObject({
      OriginRequestPolicyConfig: { HeadersConfig: { HeaderBehavior: 'whitelist', Headers: ['If-Match'] } },
    });
  });

  test('lets pages read the response, and caches of clients keep it for their user alone', () => {
    const policy = own.oneForObjects('AWS::CloudFront::ResponseHeadersPolicy').properties;
    expect(dig(policy, 'ResponseHeadersPolicyConfig')).toMatchObject({
      CorsConfig: {
        AccessControlAllowCredentials: false,
        AccessControlAllowOrigins: { Items: ['*'] },
        AccessControlExposeHeaders: { Items: expect.arrayContaining(['Content-Range', 'ETag', 'Content-Length']) },
        OriginOverride: true,
      },
      CustomHeadersConfig: { Items: [{ Header: 'Cache-Control', Override: true, Value: 'private, no-transform' }] },
    });
  });

  test('its functions have the code that the tests run, in runtime 2.0', () => {
    const codes = own.ofType('AWS::CloudFront::Function').map(({ properties }) => properties);
    expect(new Set(codes.map((code) => dig(code, 'FunctionCode')))).toEqual(
      new Set([VIEWER_FUNCTION, OBJECT_FUNCTION]),
    );
    expect(codes.map((code) => dig(code, 'FunctionConfig', 'Runtime'))).toEqual([
      'cloudfront-js-2.0',
      'cloudfront-js-2.0',
    ]);
    // The limit of CloudFront.
    for (const code of codes) expect(Buffer.byteLength(String(dig(code, 'FunctionCode')))).toBeLessThan(10_240);
  });
});

describe('the bucket', () => {
  const statements = (stack: Synthesised) =>
    toList(dig(stack.one('AWS::S3::BucketPolicy').properties, 'PolicyDocument', 'Statement'));

  test('lets this distribution read its objects and their versions, and nobody else', () => {
    const [deny, allow, ...others] = statements(own);
    expect(others).toEqual([]);
    expect(deny).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    expect(allow).toEqual({
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [own.one('AWS::S3::Bucket').id, 'Arn'] }, '/*']] },
      Condition: { StringEquals: { 'AWS:SourceArn': expect.objectContaining({ 'Fn::Join': expect.anything() }) } },
    });
    expect(JSON.stringify(allow)).toContain(own.one('AWS::CloudFront::Distribution').id);
  });

  test('that exists is not changed: large objects are redirected to S3, until its owner allows CloudFront', () => {
    expect(configOf(existing)).not.toHaveProperty('CacheBehaviors');
    expect(existing.ofType('AWS::SecretsManager::Secret')).toEqual([]);
    expect(Object.keys(existing.template.findOutputs('*'))).not.toContain('BucketPolicyStatement');
    expect(allowed.ofType('AWS::S3::BucketPolicy')).toEqual([]);
    expect(toList(dig(configOf(allowed), 'CacheBehaviors'))).toHaveLength(1);
  });

  test('that exists: the statement for its policy is an output', () => {
    const { BucketPolicyStatement: output } = allowed.template.findOutputs('BucketPolicyStatement');
    const text = JSON.stringify(output);
    for (const part of ['cloudfront.amazonaws.com', ':s3:::releases-of-example/pub/*', 'AWS:SourceArn', 's3:GetObject'])
      expect(text).toContain(part);
    expect(text).not.toContain('GetObjectVersion');
  });
});

describe('the key pair', () => {
  test('is made when the stack is deployed, by a function that reaches its secret and its log alone', () => {
    const secret = own.oneForObjects('AWS::SecretsManager::Secret');
    const [statements] = toList(own.oneForObjects('AWS::IAM::Role').properties['Policies']);
    expect(dig(statements, 'PolicyDocument', 'Statement')).toEqual([
      {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
        Resource: { Ref: secret.id },
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [own.oneForObjects('AWS::Logs::LogGroup').id, 'Arn'] },
      },
    ]);
    const pair = own.oneForObjects('Custom::RangewaySigningKeys');
    expect(pair.properties).toMatchObject({ SecretArn: { Ref: secret.id } });
    expect(own.oneForObjects('AWS::CloudFront::PublicKey').properties).toMatchObject({
      PublicKeyConfig: { EncodedKey: { 'Fn::GetAtt': [pair.id, 'PublicKey'] } },
    });
    expect(own.oneForObjects('AWS::Lambda::Function').properties).toMatchObject({ Code: { ZipFile: MAKER } });
    // The limit of CloudFormation for code in a template.
    expect(Buffer.byteLength(MAKER)).toBeLessThan(4_096);
  });

  test.each(VARIANTS)('is in no template, not even in part: %j', (options) => {
    const { resources } = synthesise(options);
    expect(JSON.stringify(resources)).not.toMatch(/PRIVATE KEY|BEGIN EC/);
    // Nothing resolves the secret into the template: it is named, never read.
    const texts = [...objectsIn(resources)]
      .flatMap((object) => Object.values(object))
      .filter((one) => typeof one === 'string');
    expect(texts.filter((text) => text.includes('{{resolve'))).toEqual([]);
  });
});

test('without a use for it there is no behaviour and no key', () => {
  for (const options of [{ largeObjects: 's3' }, { overflow: 'refuse' }]) {
    const stack = synthesise({ front: 'cloudfront', ...options });
    expect(configOf(stack)).not.toHaveProperty('CacheBehaviors');
    expect(stack.ofType('AWS::CloudFront::PublicKey')).toEqual([]);
    const variables = dig(stack.one('AWS::Lambda::Function').properties, 'Environment', 'Variables');
    expect(isRecord(variables) && Object.keys(variables).filter((name) => name.includes('CDN'))).toEqual([]);
  }
});
