import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { KeyGroup, PublicKey } from 'aws-cdk-lib/aws-cloudfront';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** A key pair: CloudFront has the public key, the gateway signs addresses with the private one. */
export interface SigningKeys {
  /** CloudFront accepts addresses that a key of this group has signed. */
  readonly keyGroup: KeyGroup;
  /** CloudFront's id of the public key. */
  readonly keyId: string;
  readonly secretName: string;
  readonly secretArn: string;
}

/**
 * Makes the key pair when the stack is deployed. The private key is written into a secret by a function that runs only
 * then; neither the template nor CloudFormation's log has it (docs/decisions/0026).
 */
export function createSigningKeys(parent: Construct): SigningKeys {
  const scope = new Construct(parent, 'SigningKeys');
  const secret = new Secret(scope, 'PrivateKey', {
    description: 'Rangeway: the key that signs addresses of CloudFront',
  });
  const maker = createMaker(scope, secret);
  const pair = new CustomResource(scope, 'Pair', {
    resourceType: 'Custom::RangewaySigningKeys',
    serviceToken: maker.functionArn,
    serviceTimeout: Duration.minutes(2),
    properties: { SecretArn: secret.secretArn },
  });
  const publicKey = new PublicKey(scope, 'PublicKey', {
    comment: 'Rangeway',
    encodedKey: pair.getAttString('PublicKey'),
  });
  const keyGroup = new KeyGroup(scope, 'KeyGroup', { comment: 'Rangeway', items: [publicKey] });
  return { keyGroup, keyId: publicKey.publicKeyId, secretName: secret.secretName, secretArn: secret.secretArn };
}

function allow(actions: string[], resource: string): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource] });
}

function createMaker(scope: Construct, secret: Secret): LambdaFunction {
  const logGroup = new LogGroup(scope, 'Log', {
    retention: RetentionDays.TWO_WEEKS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, 'Role', {
    description: 'Makes the key pair of Rangeway: reads and writes its secret, and its log',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      pair: new PolicyDocument({
        statements: [
          allow(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], secret.secretArn),
          allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
        ],
      }),
    },
  });
  return new LambdaFunction(scope, 'Maker', {
    description: 'Makes the key pair of Rangeway when the stack is deployed',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromInline(MAKER),
    handler: 'index.handler',
    timeout: Duration.seconds(30),
    role,
    logGroup,
  });
}

/**
 * The code of the function, with the AWS SDK of its runtime. It keeps a key that is there already, so an update changes
 * nothing. An error is told by its name, because a message may contain more.
 */
export const MAKER = `
const { createPrivateKey, createPublicKey, generateKeyPairSync } = require('node:crypto');
const { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } = require('@aws-sdk/client-secrets-manager');

const client = new SecretsManagerClient({});

exports.handler = async ({ RequestType, ResponseURL, ResourceProperties, PhysicalResourceId, ...request }) => {
  const { SecretArn } = ResourceProperties;
  const { StackId, RequestId, LogicalResourceId } = request;
  let outcome = { Status: 'SUCCESS' };
  try {
    if (RequestType !== 'Delete') outcome.Data = { PublicKey: await publicKeyOf(SecretArn) };
  } catch (error) {
    outcome = { Status: 'FAILED', Reason: 'The key pair for CloudFront was not made: ' + error.name };
  }
  const ids = { PhysicalResourceId: PhysicalResourceId ?? SecretArn, StackId, RequestId, LogicalResourceId };
  const body = Buffer.from(JSON.stringify({ ...outcome, ...ids }));
  const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body });
  if (!ok) throw new Error('CloudFormation answered ' + status);
};

async function publicKeyOf(SecretId) {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  const privateKey = parse(SecretString) ?? (await makeKey(SecretId));
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
}

async function makeKey(SecretId) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const SecretString = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  return privateKey;
}

function parse(text) {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}
`;
