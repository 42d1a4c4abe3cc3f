import { describe, expect, test } from 'vitest';
import { DEFAULT_CACHE_CONTROL } from '../../infra/front.ts';
import { readEnvironment } from '../../src/platform/lambda/gateway.ts';
import { dig, isRecord, type Json } from './json.ts';
import { synthesise, type Synthesised } from './synthesise.ts';

const stream = synthesise({});
const buffered = synthesise({ front: 'buffered' });
const cloudfront = synthesise({ front: 'cloudfront' });
const existing = synthesise({ bucket: 'releases-of-example', prefix: 'pub/' });

const BUCKET_ARN = { 'Fn::GetAtt': [stream.one('AWS::S3::Bucket').id, 'Arn'] };
const READ = ['s3:GetObject', 's3:GetObjectVersion'];
const WRITE_LOG = {
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: { 'Fn::GetAtt': [stream.one('AWS::Logs::LogGroup').id, 'Arn'] },
};

function join(...parts: readonly unknown[]): Json {
  return { 'Fn::Join': ['', parts] };
}

/** All permissions of the function; each added statement changes it. */
function statementsOf({ ofType, one }: Synthesised): readonly unknown[] {
  expect(ofType('AWS::IAM::Policy')).toEqual([]);
  const { Policies: policies } = one('AWS::IAM::Role').properties;
  if (!Array.isArray(policies)) throw new Error('a role without policies');
  return policies.flatMap((policy) => dig(policy, 'PolicyDocument', 'Statement'));
}

/** The environment of the function; a value is a text or a reference. */
function variablesOf({ one }: Synthesised): Json {
  const variables = dig(one('AWS::Lambda::Function').properties, 'Environment', 'Variables');
  if (!isRecord(variables)) throw new Error('a function without variables');
  return variables;
}

test('a stack that is deployed keeps its bucket and its address: their logical ids stay', () => {
  expect(stream.one('AWS::S3::Bucket').id).toBe('Bucket83908E77');
  expect(stream.one('AWS::Lambda::Url').id).toBe('FunctionFunctionUrl08F79AC9');
});

describe('the function has the permission to', () => {
  test('read the objects of its own bucket, and write its log', () => {
    const read = { Effect: 'Allow', Action: READ, Resource: join(BUCKET_ARN, '/*') };
    for (const stack of [stream, buffered]) expect(statementsOf(stack)).toEqual([read, WRITE_LOG]);
    const Resource = { Ref: cloudfront.oneForObjects('AWS::SecretsManager::Secret').id };
    const readKey = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource };
    expect(statementsOf(cloudfront)).toEqual([read, readKey, WRITE_LOG]);
  });

  test('under a prefix of an existing bucket, only that', () => {
    const resource = join('arn:', { Ref: 'AWS::Partition' }, ':s3:::releases-of-example/pub/*');
    expect(statementsOf(existing)).toEqual([{ Effect: 'Allow', Action: READ, Resource: resource }, WRITE_LOG]);
  });

  test('without versions: no more than GetObject', () => {
    const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: join(BUCKET_ARN, '/pub/*') };
    expect(statementsOf(synthesise({ versions: false, prefix: 'pub/' }))).toEqual([read, WRITE_LOG]);
  });

  test('with list: told 404 for a missing key, under the prefix only', () => {
    const list = { Effect: 'Allow', Action: 's3:ListBucket', Resource: BUCKET_ARN };
    expect(statementsOf(synthesise({ list: true }))[1]).toEqual(list);
    expect(statementsOf(synthesise({ list: true, prefix: 'pub/' }))[1]).toEqual({
      ...list,
      Condition: { StringLike: { 's3:prefix': 'pub/*' } },
    });
  });

  test.each<Json>([{ forbidden: 'missing' }, { forbidden: 'denied' }, { overflow: 'partial' }, { linkSeconds: 60 }])(
    'no more with %j',
    (options) => expect(statementsOf(synthesise(options))).toEqual(statementsOf(stream)),
  );

  const access = { type: 'anyOf', rules: [{ type: 'signed' }, { type: 'basic', users: 'USERS' }] };
  const places = { RANGEWAY_KEYS: 'secretsmanager:rangeway/keys', USERS: 'ssm:/files/users' };
  const arnOf = (service: string, rest: string) =>
    join(
      'arn:',
      { Ref: 'AWS::Partition' },
      `:${service}:`,
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      rest,
    );
  const secretArn = arnOf('secretsmanager', ':secret:rangeway/keys-??????');
  const parameterArn = arnOf('ssm', ':parameter/files/users');
  const readSecret = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretArn };
  const readParameter = { Effect: 'Allow', Action: 'ssm:GetParameter', Resource: parameterArn };

  test('read exactly the secrets that the settings name', () => {
    const stack = synthesise({ settings: { access }, secrets: places });
    const [readObjects] = statementsOf(stream);
    expect(statementsOf(stack)).toEqual([readObjects, readSecret, readParameter, WRITE_LOG]);
    const one = synthesise({ settings: { access: { type: 'signed' } }, secrets: 'RANGEWAY_KEYS=ssm:/files/users' });
    expect(statementsOf(one)).toEqual([readObjects, readParameter, WRITE_LOG]);
  });

  test("decrypt them, and nothing else, with a key of the customer's own where one is named", () => {
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b';
    const stack = synthesise({ settings: { access }, secrets: places, kmsKeys: key });
    const decrypt = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: key };
    expect(statementsOf(stack).slice(1)).toEqual([
      readSecret,
      { ...decrypt, Condition: { StringLike: { 'kms:EncryptionContext:SecretARN': [secretArn] } } },
      readParameter,
      { ...decrypt, Condition: { StringLike: { 'kms:EncryptionContext:PARAMETER_ARN': [parameterArn] } } },
      WRITE_LOG,
    ]);
  });

  test('only Lambda takes the role', () => {
    expect(dig(stream.one('AWS::IAM::Role').properties, 'AssumeRolePolicyDocument', 'Statement')).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
    ]);
  });
});

const AT_CLOUDFRONT = {
  RANGEWAY_FRONT: 'distribution',
  RANGEWAY_SETTINGS: JSON.stringify({ cacheControl: DEFAULT_CACHE_CONTROL }),
  RANGEWAY_CDN_KEY: expect.objectContaining({ 'Fn::Join': ['', expect.arrayContaining(['secretsmanager:'])] }),
  RANGEWAY_CDN_KEY_ID: { Ref: expect.stringMatching(/^SigningKeysPublicKey/) },
};

describe('the function', () => {
  test.each([
    ['stream', stream, 'index.streamHandler', 900, {}],
    ['buffered', buffered, 'index.handler', 30, {}],
    ['cloudfront', cloudfront, 'index.handler', 30, AT_CLOUDFRONT],
  ] as const)('%s', (_, stack, handler, timeout, front) => {
    const { properties } = stack.one('AWS::Lambda::Function');
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: handler,
      Timeout: timeout,
      MemorySize: 512,
      LoggingConfig: { LogGroup: { Ref: stack.one('AWS::Logs::LogGroup').id } },
    });
    expect(variablesOf(stack)).toEqual({
      RANGEWAY_BUCKET: { Ref: stack.one('AWS::S3::Bucket').id },
      RANGEWAY_SETTINGS: '{}',
      RANGEWAY_FORBIDDEN: 'missing',
      ...front,
    });
    expect(properties).not.toHaveProperty('TracingConfig');
    expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(stack.one('AWS::Logs::LogGroup').properties).toEqual({ RetentionInDays: 14 });
  });

  test('takes its options', () => {
    const settings = { cacheControl: 'public, max-age=60', cors: { origins: '*' } };
    const stack = synthesise({
      bucket: 'releases-of-example',
      prefix: 'pub/',
      settings: JSON.stringify(settings),
      memory: '1024',
      concurrency: '20',
      logDays: '90',
    });
    expect(stack.one('AWS::Lambda::Function').properties).toMatchObject({
      MemorySize: 1024,
      ReservedConcurrentExecutions: 20,
    });
    expect(variablesOf(stack)).toEqual({
      RANGEWAY_BUCKET: 'releases-of-example',
      RANGEWAY_PREFIX: 'pub/',
      RANGEWAY_SETTINGS: JSON.stringify(settings),
      RANGEWAY_FORBIDDEN: 'missing',
    });
    expect(stack.one('AWS::Logs::LogGroup').properties).toEqual({ RetentionInDays: 90 });
  });

  test.each<readonly [Json, Json]>([
    [{ overflow: 'redirect' }, { RANGEWAY_OVERFLOW: 'redirect' }],
    [{ overflow: 'partial' }, { RANGEWAY_OVERFLOW: 'partial' }],
    [{ overflow: 'refuse' }, { RANGEWAY_OVERFLOW: 'refuse' }],
    [{ linkSeconds: '1' }, { RANGEWAY_LINK_SECONDS: '1' }],
    [{ linkSeconds: 604_800 }, { RANGEWAY_LINK_SECONDS: '604800' }],
    [{ forbidden: 'denied' }, { RANGEWAY_FORBIDDEN: 'denied' }],
    [{ forbidden: 'missing', list: true }, { RANGEWAY_FORBIDDEN: 'missing' }],
  ])('told %j, has one variable more or another', (options, variables) => {
    expect(variablesOf(synthesise(options))).toEqual({ ...variablesOf(stream), ...variables });
  });

  test('that may list takes a 403 for a denial: S3 tells it 404 for a missing key', () => {
    expect(variablesOf(synthesise({ list: true }))).not.toHaveProperty('RANGEWAY_FORBIDDEN');
  });

  test('reads from its environment what the options said', () => {
    const told = {
      bucket: 'releases-of-example',
      prefix: 'pub/',
      front: 'cloudfront',
      settings: { headRange: true, access: { type: 'signed' } },
      overflow: 'partial',
      forbidden: 'denied',
      linkSeconds: 60,
    };
    const secrets = { RANGEWAY_KEYS: 'secretsmanager:rangeway/keys' };
    const texts = Object.entries(variablesOf(synthesise({ ...told, secrets }))).map(
      ([name, value]) => [name, String(value)] as const,
    );
    const config = readEnvironment(Object.fromEntries(texts));
    expect(config).toMatchObject({ ...told, front: 'distribution' });
    expect(config.secrets?.get('RANGEWAY_KEYS')).toEqual({ service: 'secretsmanager', id: 'rangeway/keys' });
  });

  test('the same code gives the same asset, so that nothing is deployed twice', () => {
    const key = (stack: Synthesised) => dig(stack.one('AWS::Lambda::Function').properties, 'Code', 'S3Key');
    expect(key(stream)).toMatch(/^[0-9a-f]{64}\.zip$/);
    expect(key(cloudfront)).toBe(key(stream));
  });
});

describe('the bucket', () => {
  test('is private, versioned, encrypted, and outlives the stack', () => {
    expect(stream.one('AWS::S3::Bucket').all).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      },
    });
  });

  test('refuses what comes without TLS', () => {
    expect(dig(stream.one('AWS::S3::BucketPolicy').properties, 'PolicyDocument', 'Statement')).toEqual([
      {
        Effect: 'Deny',
        Action: 's3:*',
        Principal: { AWS: '*' },
        Resource: [BUCKET_ARN, join(BUCKET_ARN, '/*')],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  });

  test('an existing one is not changed', () => {
    expect(existing.resources.filter(({ type }) => type.startsWith('AWS::S3::'))).toEqual([]);
  });
});

describe('the function URL', () => {
  test.each([
    ['stream', stream, 'RESPONSE_STREAM'],
    ['buffered', buffered, 'BUFFERED'],
  ] as const)('%s: for everyone', (_, stack, mode) => {
    const fn = { 'Fn::GetAtt': [stack.one('AWS::Lambda::Function').id, 'Arn'] };
    expect(stack.one('AWS::Lambda::Url').properties).toEqual({
      AuthType: 'NONE',
      InvokeMode: mode,
      TargetFunctionArn: fn,
    });
    expect(stack.ofType('AWS::Lambda::Permission').map(({ properties }) => properties)).toEqual([
      { Action: 'lambda:InvokeFunctionUrl', FunctionName: fn, FunctionUrlAuthType: 'NONE', Principal: '*' },
      { Action: 'lambda:InvokeFunction', FunctionName: fn, InvokedViaFunctionUrl: true, Principal: '*' },
    ]);
    expect(stack.ofType('AWS::CloudFront::Distribution')).toEqual([]);
  });

  test('cloudfront: for one distribution one, and buffered', () => {
    expect(cloudfront.one('AWS::Lambda::Url').properties).toMatchObject({
      AuthType: 'AWS_IAM',
      InvokeMode: 'BUFFERED',
    });
    const principal = {
      Principal: 'cloudfront.amazonaws.com',
      FunctionName: { 'Fn::GetAtt': [cloudfront.one('AWS::Lambda::Url').id, 'FunctionArn'] },
      SourceArn: join('arn:', { Ref: 'AWS::Partition' }, ':cloudfront::', { Ref: 'AWS::AccountId' }, ':distribution/', {
        Ref: cloudfront.one('AWS::CloudFront::Distribution').id,
      }),
    };
    // Since October 2025 Lambda needs both.
    expect(cloudfront.ofType('AWS::Lambda::Permission').map(({ properties }) => properties)).toEqual([
      { ...principal, Action: 'lambda:InvokeFunctionUrl' },
      { ...principal, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    ]);
  });
});

describe('the outputs', () => {
  test.each([
    ['stream', stream, ['BucketName', 'FunctionUrl']],
    ['cloudfront', cloudfront, ['BucketName', 'FunctionUrl', 'DistributionDomain']],
  ] as const)('%s', (_, { template }, names) => {
    expect(Object.keys(template.findOutputs('*'))).toEqual(names);
  });
});
