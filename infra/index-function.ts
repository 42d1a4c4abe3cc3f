import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ObjectBucket } from './bucket.ts';
import { bucketArn, indexesArn, indexKeys, listStatement, type PiecePlace } from './piece-places.ts';

/** The properties of the function that builds piece indexes. */
export interface IndexFunctionProps {
  /** The folder of the bundled handlers. */
  readonly asset: string;
  readonly bucket: ObjectBucket;
  /** Only objects whose keys start so get an index; empty for all. */
  readonly prefix: string;
  /** Where indexes are written. */
  readonly place: PiecePlace;
  readonly logRetention: RetentionDays;
}

/** The function, and the queue of the events that it could not handle. */
export interface IndexFunction {
  readonly function: LambdaFunction;
  readonly deadLetters: Queue;
}

/** Lambda's own limit. */
const TIMEOUT = Duration.minutes(15);

/** Deliveries of an event until it goes to the dead-letter queue. */
const MAX_DELIVERIES = 5;

/** Objects that are indexed at the same time, so that a large upload does not take the account's quota of instances. */
const MAX_INSTANCES = 10;

/**
 * In MB. Half a core hashes faster than a function reads from S3. A build takes about 110 MiB.
 */
const MEMORY = 1_024;

/**
 * Adds a function that builds the piece index of each object that is stored, and removes that of an object that is
 * deleted. S3 sends its events to EventBridge, which has to be switched on for a bucket that exists.
 */
export function createIndexFunction(scope: Construct, props: IndexFunctionProps): IndexFunction {
  const deadLetters = createQueue(scope, 'IndexFailures', Duration.days(14));
  const queue = new Queue(scope, 'IndexEvents', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    // Longer than a call: a message is delivered again after a call that ended without an answer.
    visibilityTimeout: TIMEOUT.plus(Duration.minutes(1)),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_DELIVERIES },
  });
  addRule(scope, props, queue);
  const logGroup = new LogGroup(scope, 'IndexLog', {
    retention: props.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const fn = new LambdaFunction(scope, 'IndexFunction', {
    description: 'Builds piece indexes of Rangeway',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(props.asset),
    handler: 'pieces.indexHandler',
    role: createRole(scope, props, queue, logGroup),
    logGroup,
    memorySize: MEMORY,
    timeout: TIMEOUT,
    tracing: Tracing.DISABLED,
    environment: {
      RANGEWAY_BUCKET: props.bucket.bucketName,
      ...(props.place.bucket === undefined ? {} : { RANGEWAY_PIECES_BUCKET: props.place.bucket }),
      ...(props.place.prefix === '' ? {} : { RANGEWAY_PIECES_PREFIX: props.place.prefix }),
    },
  });
  fn.addEventSourceMapping('Events', {
    eventSourceArn: queue.queueArn,
    batchSize: 1,
    maxConcurrency: MAX_INSTANCES,
    reportBatchItemFailures: true,
  });
  return { function: fn, deadLetters };
}

function createQueue(scope: Construct, id: string, retentionPeriod: Duration): Queue {
  return new Queue(scope, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod });
}

/** Sends the events of the bucket to the queue. */
function addRule(scope: Construct, { bucket, prefix, place }: IndexFunctionProps, queue: Queue): void {
  // The function drops events of indexes too: this saves its calls. Two conditions on one field are alternatives, so
  // with a prefix that contains the indexes it is left to the function.
  const key = prefix === '' ? { 'anything-but': { prefix: indexKeys(place).slice(0, -1) } } : { prefix };
  const rule = new Rule(scope, 'IndexRule', {
    description: 'Objects of Rangeway that are stored or deleted',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created', 'Object Deleted'],
      detail: { bucket: { name: [bucket.bucketName] }, object: { key: [key] } },
    },
  });
  rule.addTarget({ bind: () => ({ arn: queue.queueArn }) });
  queue.addToResourcePolicy(
    new PolicyStatement({
      actions: ['sqs:SendMessage'],
      principals: [new ServicePrincipal('events.amazonaws.com')],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
    }),
  );
}

function createRole(scope: Construct, props: IndexFunctionProps, queue: Queue, logGroup: LogGroup): Role {
  const { bucket, prefix, place } = props;
  const indexes = indexesArn(scope, bucket, place);
  const isInside = place.bucket === undefined;
  const objectKeys = prefix === '' ? [] : [`${prefix}*`];
  // A missing object and a missing index are 404 only for a role that may list; a 403 is then a denial, and is told.
  const lists = isInside
    ? [listStatement(bucket.bucketArn, prefix === '' ? [] : [...objectKeys, indexKeys(place)])]
    : [
        listStatement(bucket.bucketArn, objectKeys),
        listStatement(bucketArn(scope, place.bucket ?? ''), [indexKeys(place)]),
      ];
  const objects = bucket.arnForObjects(`${prefix}*`);
  return new Role(scope, 'IndexRole', {
    description: 'What the piece indexes of Rangeway take: read objects, write indexes, read events, write a log',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      objects: new PolicyDocument({
        statements: [
          allow(['s3:GetObject'], isInside && prefix === '' ? [objects] : [objects, indexes]),
          allow(['s3:PutObject', 's3:DeleteObject'], [indexes]),
          ...lists,
        ],
      }),
      events: new PolicyDocument({
        statements: [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [queue.queueArn])],
      }),
      log: new PolicyDocument({
        statements: [allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn])],
      }),
    },
  });
}

function allow(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions, resources });
}
