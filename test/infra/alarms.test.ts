import { describe, expect, test } from 'vitest';
import { dig } from './json.ts';
import { synthesise, type Synthesised } from './synthesise.ts';

const ALARM = 'AWS::CloudWatch::Alarm';

function summaryOf(stack: Synthesised): readonly unknown[] {
  return stack.ofType(ALARM).map(({ properties: p }) => [p['MetricName'], p['Statistic'], p['Threshold']]);
}

describe('the alarms', () => {
  test('watch crashes, 5xx responses, throttles, and the remaining time', () => {
    const others = [
      ['Errors', 'Sum', 1],
      ['Url5xxCount', 'Sum', 5],
      ['Throttles', 'Sum', 1],
    ];
    expect(summaryOf(synthesise({ front: 'stream' }))).toEqual([...others, ['Duration', 'Maximum', 810_000]]);
    expect(summaryOf(synthesise({ front: 'cloudfront' }))).toEqual([...others, ['Duration', 'Maximum', 27_000]]);
  });

  test('watch this function, and are silent without downloads', () => {
    const stack = synthesise({});
    const fn = { Ref: stack.one('AWS::Lambda::Function').id };
    for (const { properties } of stack.ofType(ALARM)) {
      expect(properties).toMatchObject({
        Namespace: 'AWS/Lambda',
        Dimensions: [{ Name: 'FunctionName', Value: fn }],
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      });
      expect(properties).not.toHaveProperty('AlarmActions');
    }
    expect(stack.ofType('AWS::SNS::Topic')).toEqual([]);
  });

  test('are sent to an existing topic', () => {
    const alarmTopic = 'arn:aws:sns:eu-west-1:123456789012:ops';
    const stack = synthesise({ alarmTopic });
    expect(stack.ofType(ALARM).map(({ properties }) => properties['AlarmActions'])).toEqual(
      Array.from({ length: 4 }, () => [alarmTopic]),
    );
    expect(stack.ofType('AWS::SNS::Topic')).toEqual([]);
  });

  test('are sent to an address, through a topic to which CloudWatch may publish', () => {
    const stack = synthesise({ alarmEmail: 'ops@example.com' });
    const topic = { Ref: stack.one('AWS::SNS::Topic').id };
    expect(stack.ofType(ALARM).map(({ properties }) => properties['AlarmActions'])).toEqual(
      Array.from({ length: 4 }, () => [topic]),
    );
    expect(stack.one('AWS::SNS::Subscription').properties).toEqual({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
      TopicArn: topic,
    });
    expect(dig(stack.one('AWS::SNS::TopicPolicy').properties, 'PolicyDocument', 'Statement')).toMatchObject([
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      {
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Resource: topic,
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
  });
});
