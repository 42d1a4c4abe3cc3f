import { dig, isRecord, type Json, objectsIn, toList } from './json.ts';
import type { Resource } from './synthesise.ts';

/** The reviewed resource types of a stack. Another type must be reviewed here before it is deployed. */
const KNOWN_TYPES = new Set([
  'AWS::CloudFront::CachePolicy',
  'AWS::CloudFront::Distribution',
  'AWS::CloudFront::Function',
  'AWS::CloudFront::KeyGroup',
  'AWS::CloudFront::OriginAccessControl',
  'AWS::CloudFront::OriginRequestPolicy',
  'AWS::CloudFront::PublicKey',
  'AWS::CloudFront::ResponseHeadersPolicy',
  'AWS::CloudWatch::Alarm',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Url',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::Secret',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'Custom::RangewaySigningKeys',
]);

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

/** Whether the function URL is meant for everyone, as it is without CloudFront. */
export interface Expected {
  readonly isUrlPublic: boolean;
}

/** Everything about a stack that is public and should not be, or allows more than it names; nothing where all is well. */
export function findExposures(resources: readonly Resource[], expected: Expected): readonly string[] {
  return resources.flatMap((resource) =>
    [
      ...(KNOWN_TYPES.has(resource.type) ? [] : ['is of a type that nobody looked at']),
      ...findInResource(resource, expected),
      ...[...objectsIn(resource.properties)].flatMap(findInStatement),
    ].map((problem) => `${resource.id} (${resource.type}) ${problem}`),
  );
}

function findInResource({ type, properties }: Resource, { isUrlPublic }: Expected): readonly string[] {
  switch (type) {
    case 'AWS::S3::Bucket':
      return [
        ...BLOCKS.filter((block) => dig(properties, 'PublicAccessBlockConfiguration', block) !== true).map(
          (block) => `lacks ${block}`,
        ),
        ...['AccessControl', 'WebsiteConfiguration'].filter((name) => name in properties).map((name) => `has ${name}`),
      ];
    case 'AWS::Lambda::Url':
      return properties['AuthType'] === 'AWS_IAM' || isUrlPublic ? [] : ['lets everyone in'];
    case 'AWS::Lambda::Permission':
      return findInPermission(properties, isUrlPublic);
    case 'AWS::IAM::Role':
      return toList(properties['ManagedPolicyArns']).map(() => 'has a policy that is not its own');
    default:
      return [];
  }
}

function findInPermission(permission: Json, isUrlPublic: boolean): readonly string[] {
  const { Action: action, Principal: principal } = permission;
  if (typeof action !== 'string' || action.includes('*')) return ['allows any action'];
  if (principal !== '*') return 'SourceArn' in permission ? [] : ['allows a service on behalf of anyone'];
  const onlyThroughUrl =
    action === 'lambda:InvokeFunctionUrl'
      ? permission['FunctionUrlAuthType'] === 'NONE'
      : action === 'lambda:InvokeFunction' && permission['InvokedViaFunctionUrl'] === true;
  return isUrlPublic && onlyThroughUrl ? [] : ['allows everyone'];
}

function findInStatement(statement: Json): readonly string[] {
  if (statement['Effect'] !== 'Allow') return [];
  const principals = isRecord(statement['Principal'])
    ? Object.values(statement['Principal'])
    : [statement['Principal']];
  return [
    ...(principals.flatMap(toList).includes('*') ? ['allows everyone'] : []),
    ...toList(statement['Action'])
      .filter((action) => typeof action !== 'string' || action.includes('*'))
      .map((action) => `allows ${JSON.stringify(action)}`),
    ...(toList(statement['Resource']).includes('*') ? ['allows all resources'] : []),
    ...['NotAction', 'NotPrincipal', 'NotResource'].filter((name) => name in statement).map((name) => `has ${name}`),
  ];
}
