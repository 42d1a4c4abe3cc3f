import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../infra/options.ts';
import type { Json } from './json.ts';

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b';
const KMS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b-2c3d';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:ops';

describe('options that are refused, each by its name and with what it takes', () => {
  test.each<readonly [Json, string]>([
    [{ front: 'cdn' }, 'front: takes "stream", "buffered" or "cloudfront", not "cdn"'],
    [{ buket: 'x' }, 'buket: no such option; there are name, front, '],
    [{ bucket: 's3://x' }, 'bucket: takes the name of a bucket'],
    [{ prefix: 'pub' }, 'prefix: takes a prefix that ends in a slash'],
    [{ prefix: '/' }, 'prefix: takes'],
    [{ prefix: '/pub/' }, 'prefix: takes'],
    [{ prefix: 'p*b/' }, 'prefix: takes'],
    [{ prefix: '${aws:username}/' }, 'prefix: takes'],
    [{ settings: 'cacheControl' }, 'settings: takes a table'],
    [{ settings: '[]' }, 'settings: takes a table'],
    [{ settings: { cacheControl: 'x'.repeat(3072) } }, 'settings: takes a table, or one in JSON, of up to 3072 bytes'],
    [
      { settings: { cacheControl: 5 } },
      "settings: the settings can't be used:\n    cacheControl: takes the value of a ",
    ],
    [
      { settings: '{"colour":"red","ranges":{"nearGap":"1"}}' },
      "settings: the settings can't be used:\n    ranges.nearGap: takes a whole number from 0 to 9007199254740991 (bytes), " +
        'not "1"\n    colour: no such field; there are cacheControl, ',
    ],
    [{ overflow: 'drop' }, 'overflow: RANGEWAY_OVERFLOW takes redirect or partial or refuse, not "drop"'],
    [{ overflow: 'Redirect' }, 'overflow: RANGEWAY_OVERFLOW takes'],
    [{ overflow: ['partial'] }, 'overflow: RANGEWAY_OVERFLOW takes'],
    [{ forbidden: 'no' }, 'forbidden: RANGEWAY_FORBIDDEN takes missing or denied, not "no"'],
    [{ forbidden: false }, 'forbidden: RANGEWAY_FORBIDDEN takes missing or denied, not "false"'],
    [{ linkSeconds: '0' }, 'linkSeconds: RANGEWAY_LINK_SECONDS takes seconds from 1 to 604800, not "0"'],
    [{ linkSeconds: 604_801 }, 'linkSeconds: RANGEWAY_LINK_SECONDS takes seconds from 1 to 604800, not "604801"'],
    [{ linkSeconds: 1.5 }, 'linkSeconds: RANGEWAY_LINK_SECONDS takes'],
    [{ linkSeconds: '15m' }, 'linkSeconds: RANGEWAY_LINK_SECONDS takes'],
    [{ linkSeconds: null }, 'linkSeconds: RANGEWAY_LINK_SECONDS takes'],
    [{ memory: '64' }, 'memory: takes a whole number from 128 to 10240 (MB), not 64'],
    [{ memory: 512.5 }, 'memory: takes'],
    [{ concurrency: '0' }, 'concurrency: takes'],
    [{ logDays: '10' }, 'logDays: takes one of the numbers of days that CloudWatch knows: 1, 3, 5, 7, 14, '],
    [{ list: 'yes' }, 'list: takes true or false, not "yes"'],
    [{ certificate: CERTIFICATE.replace('us-east-1', 'eu-west-1') }, 'certificate: takes the ARN'],
    [{ alarmTopic: 'ops' }, 'alarmTopic: takes the ARN'],
    [{ alarmEmail: 'ops' }, 'alarmEmail: takes an e-mail address'],
    [{ name: 'my stack' }, 'name: takes letters'],
    [{ front: 'cloudfront', domain: 'get.example.com' }, 'certificate: needed with domain'],
    [{ front: 'cloudfront', certificate: CERTIFICATE }, 'domain: needed with certificate'],
    [{ domain: 'get.example.com', certificate: CERTIFICATE }, 'domain: only with front=cloudfront'],
    [{ front: 'cloudfront', tls: 'TLSv1.2_2025' }, 'tls: only with domain'],
    [{ tls: 'TLSv1.1_2016' }, 'tls: takes TLSv1.2_2021, TLSv1.2_2025, TLSv1.3_2025, not "TLSv1.1_2016"'],
    [{ tls: 'TLSv1.2_2019' }, 'tls: takes'],
    [{ tls: 'SSLv3' }, 'tls: takes'],
    [{ accessLogs: '30' }, 'accessLogs: only with front=cloudfront'],
    [{ front: 'buffered', accessLogs: 30 }, 'accessLogs: only with front=cloudfront'],
    [{ front: 'cloudfront', accessLogs: 'true' }, 'accessLogs: takes a whole number from 1 to 3653 (days)'],
    [{ front: 'cloudfront', accessLogs: 0 }, 'accessLogs: takes'],
    [{ largeObjects: 's3' }, 'largeObjects: only with front=cloudfront; other fronts redirect to S3'],
    [{ front: 'cloudfront', largeObjects: 'cdn' }, 'largeObjects: takes "cloudfront" or "s3", not "cdn"'],
    [{ front: 'cloudfront', largeObjects: 's3', overflow: 'refuse' }, 'largeObjects: not with overflow=refuse'],
    [{ kmsKeys: KMS_KEY }, 'kmsKeys: only with secrets'],
    [{ secrets: 'A=ssm:a', kmsKeys: `${KMS_KEY},alias/mine` }, 'kmsKeys.1: takes ARNs of KMS keys'],
    [{ alarmTopic: TOPIC, alarmEmail: 'ops@example.com' }, 'alarmEmail: not together with alarmTopic'],
  ])('%j', (options, message) => {
    expect(() => parseOptions(options)).toThrow(`the options can't be used:\n  ${message}`);
  });

  test('all at once', () => {
    const options = {
      front: 'cdn',
      settings: { colour: 'red' },
      overflow: 'drop',
      linkSeconds: 0,
      list: 'yes',
      buket: 'x',
    };
    const message = /front: .*\n.*settings: .*\n.*overflow: .*\n.*linkSeconds: .*\n.*list: .*\n.*buket: /s;
    expect(() => parseOptions(options)).toThrow(message);
  });
});

test('from the command line, all are strings', () => {
  const typed = {
    memory: 1024,
    concurrency: 5,
    logDays: 30,
    list: true,
    versions: false,
    settings: { index: 'a' },
    linkSeconds: 60,
  };
  const strings = {
    memory: '1024',
    concurrency: '5',
    logDays: '30',
    list: 'true',
    versions: 'false',
    settings: '{"index":"a"}',
    linkSeconds: '60',
  };
  expect(parseOptions(strings)).toEqual(parseOptions(typed));
});

test('a variable that is empty is none, as it is to the function', () => {
  expect(parseOptions({ overflow: '', forbidden: '', linkSeconds: '' })).toEqual(parseOptions({}));
});

test('settings are passed on as they were written, without the defaults', () => {
  expect(parseOptions({ settings: { cors: {} } }).stack.settings).toEqual({ cors: {} });
});
