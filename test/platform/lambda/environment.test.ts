import { describe, expect, test } from 'vitest';
import { toPlatformEnv, toRequest, type FunctionUrlEvent } from '../../../src/platform/lambda/event.ts';
import { BUFFERED_LIMIT } from '../../../src/platform/lambda/buffered.ts';
import { lambdaGateway, readEnvironment } from '../../../src/platform/lambda/gateway.ts';
import { s3Client } from '../../../src/platform/s3/s3-client.ts';

describe('the environment', () => {
  test('needs a bucket, and has defaults for the other variables', () => {
    expect(readEnvironment({ RANGEWAY_BUCKET: 'files', RANGEWAY_PREFIX: '' })).toEqual({
      bucket: 'files',
      prefix: '',
      access: { endpoint: undefined, pathStyle: false },
      settings: {},
      overflow: 'redirect',
      forbidden: 'denied',
      linkSeconds: 900,
    });
  });

  test('is read with all its variables', () => {
    const env = {
      RANGEWAY_BUCKET: 'files',
      RANGEWAY_PREFIX: 'releases/',
      RANGEWAY_SETTINGS: '{"headRange":true}',
      RANGEWAY_OVERFLOW: 'partial',
      RANGEWAY_FORBIDDEN: 'missing',
      RANGEWAY_LINK_SECONDS: '60',
      RANGEWAY_S3_ENDPOINT: 'https://s3.example.com',
      RANGEWAY_S3_PATH_STYLE: 'true',
      RANGEWAY_FRONT: 'cloudfront',
      RANGEWAY_CDN_KEY: 'secretsmanager:rangeway/cdn',
      RANGEWAY_CDN_KEY_ID: 'K2JCJMDEHXQW5F',
      RANGEWAY_SECRETS: '{"RANGEWAY_KEYS":"secretsmanager:my/keys","USERS":"ssm:/files/users"}',
    };
    expect(readEnvironment(env)).toEqual({
      bucket: 'files',
      prefix: 'releases/',
      access: { endpoint: 'https://s3.example.com', pathStyle: true },
      settings: { headRange: true },
      overflow: 'partial',
      forbidden: 'missing',
      linkSeconds: 60,
      front: 'cloudfront',
      cdn: { keyId: 'K2JCJMDEHXQW5F', source: { service: 'secretsmanager', id: 'rangeway/cdn' } },
      secrets: new Map([
        ['RANGEWAY_KEYS', { service: 'secretsmanager', id: 'my/keys' }],
        ['USERS', { service: 'ssm', id: '/files/users' }],
      ]),
    });
  });

  test.for<readonly [Record<string, string>, string]>([
    [{}, 'RANGEWAY_BUCKET'],
    [{ RANGEWAY_OVERFLOW: 'drop' }, 'RANGEWAY_OVERFLOW takes redirect or partial or refuse, not "drop"'],
    [{ RANGEWAY_FORBIDDEN: 'no' }, 'RANGEWAY_FORBIDDEN'],
    [{ RANGEWAY_LINK_SECONDS: '604801' }, 'RANGEWAY_LINK_SECONDS takes seconds from 1 to 604800'],
    [{ RANGEWAY_LINK_SECONDS: '0' }, 'RANGEWAY_LINK_SECONDS'],
    [{ RANGEWAY_S3_PATH_STYLE: 'yes' }, 'RANGEWAY_S3_PATH_STYLE'],
    [{ RANGEWAY_SETTINGS: '{' }, 'RANGEWAY_SETTINGS takes a JSON object'],
    [{ RANGEWAY_SETTINGS: '[]' }, 'RANGEWAY_SETTINGS takes a JSON object'],
    [{ RANGEWAY_SETTINGS: 'null' }, 'RANGEWAY_SETTINGS takes a JSON object'],
    [{ RANGEWAY_FALLBACK_BUCKET: 'b' }, 'RANGEWAY_FALLBACK_BUCKET is not read; a mount takes it, as fallback = {'],
    [{ RANGEWAY_FALLBACK_REGION: 'r' }, 'RANGEWAY_FALLBACK_REGION is not read; a mount takes it'],
    [{ RANGEWAY_FRONT: 'stream' }, 'RANGEWAY_FRONT takes cloudfront or distribution, not "stream"'],
    [{ RANGEWAY_CDN_KEY: 'ssm:/a' }, 'RANGEWAY_CDN_KEY_ID takes the id of the public key of RANGEWAY_CDN_KEY'],
    [{ RANGEWAY_CDN_KEY_ID: 'K1' }, 'RANGEWAY_CDN_KEY takes the place of a private key, such as secretsmanager:NAME'],
    [{ RANGEWAY_CDN_KEY: 'ssm:/a', RANGEWAY_CDN_KEY_ID: 'k 1' }, 'RANGEWAY_CDN_KEY_ID takes'],
  ])('%o is refused at start', ([env, message]) => {
    const bucket = message === 'RANGEWAY_BUCKET' ? {} : { RANGEWAY_BUCKET: 'files' };
    expect(() => readEnvironment({ ...bucket, ...env })).toThrow(message);
  });

  test.for([
    'k1:sW0rdfish',
    '{"KEYS":"sW0rdfish"}',
    '{"KEYS":"ssm:sW0rdfish?"}',
    '["sW0rdfish"]',
    '{"sW0rdfish":"ssm:a"}',
  ])('invalid sources of secrets, %s, are refused and not printed', (text) => {
    const read = () => readEnvironment({ RANGEWAY_BUCKET: 'files', RANGEWAY_SECRETS: text });
    expect(read).toThrow('RANGEWAY_SECRETS takes ');
    expect(read).not.toThrow('sW0rdfish');
  });

  test('unknown settings are refused at start', () => {
    const config = readEnvironment({ RANGEWAY_BUCKET: 'files', RANGEWAY_SETTINGS: '{"colour":"red"}' });
    expect(() => lambdaGateway(s3Client(config.access), config, BUFFERED_LIMIT)).toThrow('colour: no such field');
  });
});

describe('an event', () => {
  const event: FunctionUrlEvent = {
    version: '2.0',
    rawPath: '/a%2Fb%20c',
    rawQueryString: 'v=%zz&download',
    cookies: ['a=1', 'b=2'],
    headers: { range: 'bytes=0-1', 'x-utf8': 'ü日', 'x-latin': '\u00fc', 'bad name': 'x' },
    requestContext: { http: { method: 'GET' } },
    isBase64Encoded: true,
    body: 'eA==',
  };

  test('keeps path and query unchanged', () => {
    expect(toRequest(event).url).toBe('https://localhost/a%2Fb%20c?v=%zz&download');
    expect(toRequest({ ...event, rawPath: '//evil.example/x', rawQueryString: '' }).url).toBe(
      'https://localhost//evil.example/x',
    );
  });

  test('keeps each field that HTTP allows', () => {
    const { headers } = toRequest(event);
    expect(headers.get('Range')).toBe('bytes=0-1');
    expect(headers.get('Cookie')).toBe('a=1; b=2');
    expect(headers.get('X-Latin')).toBe('\u00fc');
    expect(headers.get('X-Utf8')).toBe('Ã¼æ\u0097¥');
  });

  test.for(['TRACE', 'CONNECT', 'a b', ''])(
    'the method %j, which Request does not allow, becomes a method that is refused',
    (method) => {
      expect(toRequest({ ...event, requestContext: { http: { method } } }).method).toBe('UNSUPPORTED');
    },
  );

  describe("the client's address", () => {
    const from = (viewer?: string): FunctionUrlEvent => ({
      ...event,
      headers: viewer === undefined ? {} : { 'cloudfront-viewer-address': viewer },
      requestContext: { http: { method: 'GET', sourceIp: '198.51.100.7' } },
    });

    test('is that of the function URL, whatever fields a client sends', () => {
      expect(toPlatformEnv(from('203.0.113.9:443'))).toEqual({ clientAddress: '198.51.100.7' });
      expect(toPlatformEnv(from())).toEqual({ clientAddress: '198.51.100.7' });
    });

    const atEdge = (fields: Readonly<Record<string, string>>) =>
      toPlatformEnv({ ...from('203.0.113.9:443'), headers: fields }, 'distribution');

    test.for(['203.0.113.9', '2001:db8::1'])('is that of the edge function behind the distribution: %s', (viewer) => {
      const fields = { 'x-rangeway-viewer': viewer, 'x-rangeway-host': 'd1.cloudfront.net' };
      expect(atEdge(fields)).toEqual({ clientAddress: viewer, publicHost: 'd1.cloudfront.net' });
    });

    test('is unknown behind the distribution without that function, whatever CloudFront or a client says', () => {
      for (const fields of [{}, { 'x-rangeway-viewer': 'localhost' }, { 'cloudfront-viewer-address': '192.0.2.1:443' }])
        expect(atEdge(fields)).toEqual({ clientAddress: undefined, publicHost: undefined });
    });

    test.for(['cloudfront', undefined] as const)(
      'is not that of a client that sends the fields itself: %s',
      (front) => {
        const fields = { 'x-rangeway-viewer': '192.0.2.1', 'x-rangeway-host': 'evil.example' };
        const facts = toPlatformEnv({ ...from(), headers: fields }, front);
        expect(facts).toEqual({ clientAddress: front === undefined ? '198.51.100.7' : undefined });
      },
    );

    test.for([
      ['203.0.113.9:46532', '203.0.113.9'],
      ['2001:db8::1:443', '2001:db8::1'],
      ['2001:db8:0:0:0:0:0:1:65535', '2001:db8:0:0:0:0:0:1'],
      ['[2001:db8::1]:443', '2001:db8::1'],
      ['::1:1', '::1'],
    ] as const)('is that of the viewer behind CloudFront: %s', ([viewer, address]) => {
      expect(toPlatformEnv(from(viewer), 'cloudfront')).toEqual({ clientAddress: address });
    });

    test.for([
      undefined,
      '',
      ':',
      '203.0.113.9',
      '203.0.113.9:',
      '203.0.113.9:x',
      ':443',
      '2001:db8:0:0:0:0:0:1',
      '203.0.113.9:1,198.51.100.1:2',
      '203.0.113.9:1, 198.51.100.1:2',
      'localhost:443',
    ])('is unknown behind CloudFront without a valid CloudFront-Viewer-Address: %s', (viewer) => {
      expect(toPlatformEnv(from(viewer), 'cloudfront')).toEqual({ clientAddress: undefined });
    });
  });
});
