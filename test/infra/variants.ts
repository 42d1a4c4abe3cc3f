import type { Json } from './json.ts';

/** Options of deployments that differ in everything that can. */
export const VARIANTS: readonly Json[] = [
  { front: 'stream' },
  { front: 'buffered' },
  { front: 'cloudfront' },
  { front: 'stream', bucket: 'releases-of-example', prefix: 'pub/', list: true, versions: false },
  { front: 'cloudfront', bucket: 'releases-of-example', list: 'true', alarmEmail: 'ops@example.com' },
  { front: 'cloudfront', bucket: 'releases-of-example', prefix: 'pub/', largeObjects: 'cloudfront', versions: false },
  { index: true, settings: { pieces: true } },
  { index: true, bucket: 'releases-of-example', prefix: 'pub/', settings: { pieces: { bucket: 'pieces-of-example' } } },
  { front: 'buffered', overflow: 'partial', forbidden: 'denied', linkSeconds: '60', settings: '{"headRange":true}' },
  {
    front: 'cloudfront',
    domain: 'get.example.com',
    certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b',
    alarmTopic: 'arn:aws:sns:eu-west-1:123456789012:ops',
    concurrency: 50,
  },
  {
    front: 'cloudfront',
    domain: 'get.example.com',
    certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b',
    tls: 'TLSv1.3_2025',
    accessLogs: 30,
    settings: {
      cors: { origins: ['https://example.com'] },
      access: {
        type: 'allOf',
        rules: [{ type: 'signed' }, { type: 'referer', origins: ['https://example.com'], missing: 'allow' }],
      },
    },
    secrets: 'RANGEWAY_KEYS=secretsmanager:rangeway/keys',
    kmsKeys: 'arn:aws:kms:eu-west-1:123456789012:key/0a1b,arn:aws:kms:eu-west-1:123456789012:key/2c3d',
  },
  {
    front: 'stream',
    settings: { purge: { token: 'PURGE_TOKEN' }, access: { type: 'basic', users: 'USERS' } },
    secrets: { PURGE_TOKEN: 'ssm:/files/purge', USERS: 'ssm:users' },
  },
];
