import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/platform/lambda/gateway.ts';
import { parseOptions } from '../../infra/options.ts';
import { dig, isRecord, type Json } from './json.ts';
import { synthesise, type Resource, type Synthesised } from './synthesise.ts';

const own = synthesise({ index: 'true', settings: { pieces: true } });
const existing = synthesise({
  index: true,
  bucket: 'releases-of-example',
  prefix: 'pub/',
  settings: { mounts: [{ path: '/', pieces: { prefix: 'v1/' } }] },
});
const elsewhere = synthesise({ index: true, settings: { pieces: { bucket: 'pieces-of-example' } } });

function find({ resources }: Synthesised, type: string, id: RegExp): Resource {
  const [first, ...others] = resources.filter((one) => one.type === type && id.test(one.id));
  if (first === undefined || others.length > 0) throw new Error(`${others.length} of ${type} and ${String(id)}`);
  return first;
}

function statementsOf(stack: Synthesised, name: string): readonly unknown[] {
  const { Policies: policies } = find(stack, 'AWS::IAM::Role', /^IndexRole/).properties;
  const policy: unknown = (Array.isArray(policies) ? policies : []).find((one) => dig(one, 'PolicyName') === name);
  const statements = dig(policy, 'PolicyDocument', 'Statement');
  return Array.isArray(statements) ? statements : [];
}

const BUCKET = { 'Fn::GetAtt': [own.one('AWS::S3::Bucket').id, 'Arn'] };
const join = (...parts: readonly unknown[]): Json => ({ 'Fn::Join': ['', parts] });
const arn = (path: string) => join('arn:', { Ref: 'AWS::Partition' }, `:s3:::${path}`);
const allow = (Action: string | readonly string[], Resource: unknown, rest: Json = {}) => ({
  Action,
  Effect: 'Allow',
  Resource,
  ...rest,
});
const below = (...patterns: readonly string[]): Json => ({
  Condition: { StringLike: { 's3:prefix': patterns.length === 1 ? patterns[0] : patterns } },
});
const WRITE = ['s3:DeleteObject', 's3:PutObject'];

describe('the function that builds piece indexes may', () => {
  test('read the bucket of the stack, and write indexes alone', () => {
    expect(statementsOf(own, 'objects')).toEqual([
      allow('s3:GetObject', join(BUCKET, '/*')),
      allow(WRITE, join(BUCKET, '/.rangeway/pieces/*')),
      allow('s3:ListBucket', BUCKET),
    ]);
  });

  test('under a prefix of an existing bucket, no more than that and the indexes', () => {
    const [objects, indexes] = [arn('releases-of-example/pub/*'), arn('releases-of-example/v1/.rangeway/pieces/*')];
    expect(statementsOf(existing, 'objects')).toEqual([
      allow('s3:GetObject', [objects, indexes]),
      allow(WRITE, indexes),
      allow('s3:ListBucket', arn('releases-of-example'), below('pub/*', 'v1/.rangeway/pieces/*')),
    ]);
  });

  test('with another bucket for indexes, write that one alone', () => {
    const indexes = arn('pieces-of-example/.rangeway/pieces/*');
    expect(statementsOf(elsewhere, 'objects')).toEqual([
      allow('s3:GetObject', expect.arrayContaining([join(BUCKET, '/*'), indexes])),
      allow(WRITE, indexes),
      allow('s3:ListBucket', BUCKET),
      allow('s3:ListBucket', arn('pieces-of-example'), below('.rangeway/pieces/*')),
    ]);
    // The gateway reads them there too.
    expect(JSON.stringify(elsewhere.resources)).toContain(`"s3:GetObjectVersion"],"Effect":"Allow","Resource":[`);
  });

  test('take events from its queue, and write its log', () => {
    const queue = { 'Fn::GetAtt': [find(own, 'AWS::SQS::Queue', /^IndexEvents/).id, 'Arn'] };
    const taken = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
    expect(statementsOf(own, 'events')).toEqual([allow(taken, queue)]);
    const log = { 'Fn::GetAtt': [find(own, 'AWS::Logs::LogGroup', /^IndexLog/).id, 'Arn'] };
    expect(statementsOf(own, 'log')).toEqual([allow(['logs:CreateLogStream', 'logs:PutLogEvents'], log)]);
    expect(own.ofType('AWS::IAM::Policy')).toEqual([]);
  });
});

describe('events', () => {
  test('the bucket of the stack sends them by itself, and without the option it does not', () => {
    const sends = { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } };
    expect(own.one('AWS::S3::Bucket').properties).toMatchObject(sends);
    const without = synthesise({ settings: { pieces: true } });
    expect(without.one('AWS::S3::Bucket').properties).not.toHaveProperty('NotificationConfiguration');
    expect(JSON.stringify(without.resources)).not.toMatch(/Index|sqs/);
    expect(own.one('AWS::S3::Bucket').id, 'a deployed stack keeps its bucket').toBe('Bucket83908E77');
  });

  test.each([
    [own, { 'anything-but': { prefix: '.rangeway/pieces/' } }],
    [existing, { prefix: 'pub/' }],
  ])('go from the bucket to the queue, those of indexes left out (%#)', (stack, key) => {
    const { EventPattern: pattern, Targets: targets } = stack.one('AWS::Events::Rule').properties;
    expect(pattern).toMatchObject({
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Deleted'],
      detail: { object: { key: [key] } },
    });
    const queue = find(stack, 'AWS::SQS::Queue', /^IndexEvents/);
    expect(targets).toEqual([{ Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] }, Id: 'Target0' }]);
    const policies = JSON.stringify(stack.ofType('AWS::SQS::QueuePolicy').map(({ properties }) => properties));
    expect(policies).toContain('{"ArnEquals":{"aws:SourceArn":{"Fn::GetAtt":["IndexRule');
  });

  test('one that fails five times goes to the dead-letter queue, which has an alarm and is an output', () => {
    const [queue, dead] = [/^IndexEvents/, /^IndexFailures/].map((id) => find(own, 'AWS::SQS::Queue', id));
    const timeout = dig(find(own, 'AWS::Lambda::Function', /^IndexFunction/).properties, 'Timeout');
    expect(timeout).toBe(900);
    expect(queue?.properties).toMatchObject({
      VisibilityTimeout: 960,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [dead?.id, 'Arn'] }, maxReceiveCount: 5 },
    });
    expect(own.one('AWS::Lambda::EventSourceMapping').properties).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    expect(find(own, 'AWS::CloudWatch::Alarm', /^IndexAlarm/).properties).toMatchObject({
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [dead?.id, 'QueueName'] } }],
    });
    own.template.hasOutput('IndexFailuresUrl', { Value: { Ref: dead?.id } });
  });
});

test('the function gets an environment that it reads', () => {
  for (const [stack, expected] of [
    [existing, { RANGEWAY_BUCKET: 'releases-of-example', RANGEWAY_PIECES_PREFIX: 'v1/' }],
    [elsewhere, { RANGEWAY_BUCKET: expect.anything(), RANGEWAY_PIECES_BUCKET: 'pieces-of-example' }],
  ] as const) {
    const { properties } = find(stack, 'AWS::Lambda::Function', /^IndexFunction/);
    expect(properties).toMatchObject({ Handler: 'pieces.indexHandler', MemorySize: 1_024 });
    const variables = dig(properties, 'Environment', 'Variables');
    if (!isRecord(variables)) return expect.fail('a function without variables');
    expect(variables).toEqual(expected);
    expect(readEnvironment({ ...variables, RANGEWAY_BUCKET: 'b' }).bucket).toBe('b');
  }
});

test.each<readonly [Json, RegExp]>([
  [{ index: true }, /index: only with pieces in the settings/],
  [{ index: true, settings: { pieces: false } }, /index: only with pieces/],
  [
    { index: true, settings: { mounts: [{ pieces: true }, { path: '/b', pieces: { prefix: 'x/' } }] } },
    /index: takes one place of indexes; the settings have several/,
  ],
  [{ index: 'maybe', settings: { pieces: true } }, /index: takes/],
])('%j is refused', (options, message) => expect(() => parseOptions(options)).toThrow(message));

test('with list, the gateway is told 404 for a missing index too', () => {
  const stack = synthesise({ list: true, prefix: 'pub/', settings: { pieces: true } });
  expect(JSON.stringify(stack.one('AWS::IAM::Role').properties)).toContain(
    '"s3:prefix":["pub/*",".rangeway/pieces/*"]',
  );
});
