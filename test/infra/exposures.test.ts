import { describe, expect, test } from 'vitest';
import { findExposures } from './exposures.ts';
import type { Json } from './json.ts';
import { type Resource, synthesise } from './synthesise.ts';
import { VARIANTS } from './variants.ts';

describe('nothing is public except a function URL without CloudFront', () => {
  test.each(VARIANTS)('%j', (options) => {
    const { resources } = synthesise(options);
    expect(findExposures(resources, { isUrlPublic: options['front'] !== 'cloudfront' })).toEqual([]);
  });

  test('a public URL would be found behind CloudFront', () => {
    const { resources } = synthesise({ front: 'buffered' });
    expect(findExposures(resources, { isUrlPublic: false })).toHaveLength(3);
  });
});

const BLOCKED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
};

function allow(statement: Json): Json {
  return {
    PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn', ...statement }] },
  };
}

describe('the check finds', () => {
  test.each<readonly [string, Json]>([
    ['AWS::S3::Bucket', {}],
    ['AWS::S3::Bucket', { PublicAccessBlockConfiguration: { ...BLOCKED, RestrictPublicBuckets: false } }],
    ['AWS::S3::Bucket', { PublicAccessBlockConfiguration: BLOCKED, AccessControl: 'PublicRead' }],
    ['AWS::S3::BucketPolicy', allow({ Principal: '*' })],
    ['AWS::S3::BucketPolicy', allow({ Principal: { AWS: ['arn', '*'] } })],
    ['AWS::S3::BucketPolicy', allow({ NotPrincipal: { AWS: 'arn' } })],
    ['AWS::SNS::TopicPolicy', allow({ Principal: { AWS: '*' } })],
    ['AWS::IAM::Role', { Policies: [allow({ Action: ['s3:GetObject', 's3:Get*'] })] }],
    ['AWS::IAM::Role', { Policies: [allow({ Action: '*' })] }],
    ['AWS::IAM::Role', { Policies: [allow({ Resource: ['*'] })] }],
    ['AWS::IAM::Role', { ManagedPolicyArns: ['arn'] }],
    ['AWS::IAM::Policy', {}],
    ['AWS::Lambda::Permission', { Action: 'lambda:InvokeFunction', Principal: '*' }],
    ['AWS::Lambda::Permission', { Action: 'lambda:InvokeFunctionUrl', Principal: '*' }],
    ['AWS::Lambda::Permission', { Action: 'lambda:*', Principal: 'cloudfront.amazonaws.com', SourceArn: 'arn' }],
    ['AWS::Lambda::Permission', { Action: 'lambda:InvokeFunctionUrl', Principal: 'cloudfront.amazonaws.com' }],
  ])('%s %j', (type, properties) => {
    const resource: Resource = { id: 'Thing', type, properties, all: {} };
    expect(findExposures([resource], { isUrlPublic: true })).not.toEqual([]);
  });
});
