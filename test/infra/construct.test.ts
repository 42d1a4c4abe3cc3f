import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rangeway, type RangewayProps } from '../../infra/rangeway.ts';
import { makeFolder } from './folder.ts';

/** A stand-in for the bundle of the package: no resource depends on what it does. */
const code = mkdtempSync(join(tmpdir(), 'rangeway-code-'));
beforeAll(() => writeFileSync(join(code, 'index.mjs'), 'export const handler = () => {}, streamHandler = handler;\n'));
afterAll(() => rmSync(code, { recursive: true }));

function newStack(): Stack {
  const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false, outdir: makeFolder() });
  return new Stack(app, 'Own');
}

function typesOf(stack: Stack): Readonly<Record<string, number>> {
  const { Resources: resources } = Template.fromStack(stack).toJSON();
  const counts: Record<string, number> = {};
  for (const { Type: type } of Object.values<{ readonly Type: string }>(resources)) {
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

describe('the construct in a custom stack', () => {
  test('by default it is a bucket, a function with a public URL, and alarms', () => {
    const stack = newStack();
    const gateway = new Rangeway(stack, 'Gateway', { code });
    expect(gateway.distribution).toBeUndefined();
    expect(stack.resolve(gateway.functionUrl.url)).toHaveProperty('Fn::GetAtt');
    expect(typesOf(stack)).toMatchObject({
      'AWS::S3::Bucket': 1,
      'AWS::Lambda::Function': 1,
      'AWS::Lambda::Url': 1,
      'AWS::CloudWatch::Alarm': 4,
    });
  });

  test('can be used twice in a stack', () => {
    const stack = newStack();
    const [first, second] = [
      new Rangeway(stack, 'First', { code, front: 'cloudfront', accessLogs: 7 }),
      new Rangeway(stack, 'Second', { code, front: 'buffered' }),
    ];
    expect([first.distribution, first.logBucket]).not.toContain(undefined);
    expect([second.distribution, second.logBucket]).toEqual([undefined, undefined]);
    expect(typesOf(stack)).toMatchObject({ 'AWS::Lambda::Function': 2, 'AWS::CloudFront::Distribution': 1 });
  });

  test('it reads a bucket of that stack, and its alarms go to a topic of that stack', () => {
    const stack = newStack();
    const bucket = new Bucket(stack, 'Releases');
    const topic = new Topic(stack, 'Ops');
    const gateway = new Rangeway(stack, 'Gateway', {
      code,
      bucket: bucket.bucketName,
      prefix: 'pub/',
      alarmTopic: topic.topicArn,
    });
    const name = stack.resolve(bucket.bucketName);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { RANGEWAY_BUCKET: name } } });
    const objects = ['arn:', { Ref: 'AWS::Partition' }, ':s3:::', name, '/pub/*'];
    expect(stack.resolve(gateway.bucket.arnForObjects('pub/*'))).toEqual({ 'Fn::Join': ['', objects] });
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [stack.resolve(topic.topicArn)] });
  });
});

describe('properties that are refused, as the options of the app are', () => {
  test.each<readonly [RangewayProps & Readonly<Record<string, unknown>>, RegExp]>([
    [{ buket: 'x' }, /^the options can't be used:\n {2}buket: no such option; there are front, domain, /],
    [{ name: 'Downloads' }, /name: no such option/],
    [{ bucket: 's3://x' }, /bucket: takes the name of a bucket/],
    [{ domain: 'get.example.com' }, /certificate: needed with domain/],
    [{ accessLogs: 7 }, /accessLogs: only with front=cloudfront/],
    [{ kmsKeys: [] }, /kmsKeys: takes ARNs/],
    [{ kmsKeys: ['key'] }, /kmsKeys.*: takes ARNs/],
    [{ settings: { access: { type: 'signed' } } }, /secrets: the settings name RANGEWAY_KEYS/],
    [{ front: 'cloudfront', settings: { mounts: [{ path: '/', host: 'a.example' }] } }, /settings: host: the function/],
  ])('%j', (props, message) => {
    expect(() => new Rangeway(newStack(), 'Gateway', { code, ...props })).toThrow(message);
  });
});

test('with a prefix and pieces, the function may also read the indexes, and nothing else', () => {
  const readable = (settings: RangewayProps['settings']) => {
    const stack = newStack();
    const gateway = new Rangeway(stack, 'Gateway', {
      code,
      bucket: 'own',
      prefix: 'pub/',
      ...(settings && { settings }),
    });
    const text = JSON.stringify(Template.fromStack(Stack.of(gateway)).toJSON());
    return [...text.matchAll(/:s3:::own(\/[^"]*)"/g)].map(([, path]) => path);
  };
  expect(readable(undefined)).toEqual(['/pub/*']);
  expect(readable({ pieces: true })).toEqual(['/pub/*', '/.rangeway/pieces/*']);
  expect(readable({ mounts: [{ pieces: { prefix: 'x/' } }, { path: '/b' }] })).toEqual([
    '/pub/*',
    '/x/.rangeway/pieces/*',
  ]);
});
