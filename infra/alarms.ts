import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

/** The target of alarms: an existing topic, a topic made for one address, or only the console. */
export type Listener =
  | { readonly kind: 'topic'; readonly arn: string }
  | { readonly kind: 'email'; readonly address: string }
  | { readonly kind: 'nobody' };

const PERIOD = Duration.minutes(5);

/** The share of the timeout that an invocation may take before the alarm is raised. */
const NEAR_TIMEOUT = 0.9;

interface Watch {
  readonly id: string;
  readonly description: string;
  readonly metric: Metric;
  readonly threshold: number;
}

/**
 * Adds alarms for faults that clients would notice.
 *
 * @param deadLetters the queue of events for which no index was built, if there is one
 */
export function createAlarms(scope: Construct, fn: LambdaFunction, listener: Listener, deadLetters?: Queue): void {
  const topic = toTopic(scope, listener);
  const watches = [...toWatches(fn), ...(deadLetters === undefined ? [] : [indexWatch(deadLetters)])];
  for (const { id, description, metric, threshold } of watches) {
    const alarm = new Alarm(scope, id, {
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // No downloads are no alarm.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
  }
}

function toWatches(fn: LambdaFunction): readonly Watch[] {
  const sum = { period: PERIOD, statistic: Stats.SUM };
  const timeout = fn.timeout?.toMilliseconds() ?? 0;
  return [
    {
      id: 'ErrorsAlarm',
      description: 'Rangeway: the function crashed, ran out of time, or broke a download off',
      metric: fn.metricErrors(sum),
      threshold: 1,
    },
    {
      id: 'FailuresAlarm',
      // A failure of the storage is answered by the gateway, so that Lambda counts no error.
      description: 'Rangeway: answers with 5xx; the log has the reason under the request id',
      metric: fn.metric('Url5xxCount', sum),
      threshold: 5,
    },
    {
      id: 'ThrottlesAlarm',
      description: 'Rangeway: requests refused for lack of concurrency',
      metric: fn.metricThrottles(sum),
      threshold: 1,
    },
    {
      id: 'DurationAlarm',
      description: 'Rangeway: a call came near its timeout; longer ones are cut off',
      metric: fn.metricDuration({ period: PERIOD, statistic: Stats.MAXIMUM }),
      threshold: timeout * NEAR_TIMEOUT,
    },
  ];
}

function indexWatch(deadLetters: Queue): Watch {
  return {
    id: 'IndexAlarm',
    description: 'Rangeway: an object has no piece index; the log of the index function has the reason',
    metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM }),
    threshold: 1,
  };
}

function toTopic(scope: Construct, listener: Listener): ITopic | undefined {
  switch (listener.kind) {
    case 'nobody':
      return undefined;
    case 'topic':
      return Topic.fromTopicArn(scope, 'Topic', listener.arn);
    case 'email': {
      const topic = new Topic(scope, 'Topic', { displayName: 'Rangeway', enforceSSL: true });
      // A policy of its own replaces the default one, which would let CloudWatch publish.
      topic.addToResourcePolicy(
        new PolicyStatement({
          actions: ['sns:Publish'],
          principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
        }),
      );
      topic.addSubscription(new EmailSubscription(listener.address));
      return topic;
    }
  }
}
