import { describe, expect, test } from 'vitest';
import { parseSecretSources } from '../../../src/platform/lambda/secret-sources.ts';
import { readSecrets } from '../../../src/platform/lambda/secrets.ts';
import { signRequest } from '../../../src/platform/lambda/signature.ts';
import { serveSecrets, valueOf, type Answer, type SecretService } from './secret-service.ts';

/** From the published AWS test suite for Signature Version 4. */
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

describe('a signature', () => {
  const request = { host: 'example.amazonaws.com', region: 'us-east-1', service: 'service', fields: {}, body: '' };
  const at = new Date('2015-08-30T12:36:00Z');

  test.for([
    ['post-vanilla', {}, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-x-www-form-urlencoded',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ] as const)('is that of the published vector %s', ([, fields, body, signature]) => {
    const { authorization, 'x-amz-date': date } = signRequest({ ...request, fields, body }, CREDENTIALS, at);
    expect(date).toBe('20150830T123600Z');
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, /,
    );
    expect(authorization?.endsWith(`Signature=${signature}`)).toBe(true);
  });

  test('covers the session token', () => {
    const fields = signRequest(request, { ...CREDENTIALS, sessionToken: 'token' }, at);
    expect(fields['x-amz-security-token']).toBe('token');
    expect(fields['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
  });
});

const SOURCES = parseSecretSources({ RANGEWAY_KEYS: 'secretsmanager:my/keys', USERS: 'ssm:/files/users' });

function environment({ url }: Pick<SecretService, 'url'>): Record<string, string> {
  return {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    AWS_ENDPOINT_URL_SSM: url,
  };
}

function read(service: Pick<SecretService, 'url'>, others: Record<string, string> = {}) {
  return readSecrets(SOURCES ?? new Map(), { ...environment(service), ...others });
}

describe('secrets', () => {
  test('are read from their services, with one signed request each', async () => {
    await using service = await serveSecrets((asked) => valueOf(asked, `of ${asked.body}`));
    const keys = '{"SecretId":"my/keys"}';
    const users = '{"Name":"/files/users","WithDecryption":true}';
    expect(Object.fromEntries(await read(service))).toEqual({ RANGEWAY_KEYS: `of ${keys}`, USERS: `of ${users}` });
    const at = (date: unknown) =>
      new Date(String(date).replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
    expect(service.asked).toHaveLength(2);
    for (const { method, path, headers, body } of service.asked) {
      const target = headers['x-amz-target'];
      expect([method, path]).toEqual(['POST', '/']);
      expect([target, body]).toEqual(
        body === keys ? ['secretsmanager.GetSecretValue', keys] : ['AmazonSSM.GetParameter', users],
      );
      const fields = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': String(target) };
      const signed = signRequest(
        {
          host: String(headers.host),
          region: 'eu-west-1',
          service: body === keys ? 'secretsmanager' : 'ssm',
          fields,
          body,
        },
        { ...CREDENTIALS, sessionToken: 'token' },
        at(headers['x-amz-date']),
      );
      expect(headers).toMatchObject(signed);
    }
  });

  test('are read from the endpoint for all services too', async () => {
    await using service = await serveSecrets((asked) => valueOf(asked, 'value'));
    const { url } = service;
    const others = { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_SSM: '', AWS_ENDPOINT_URL_SECRETS_MANAGER: '' };
    expect((await read(service, others)).size).toBe(2);
  });

  test('cause no request if there are none', async () => {
    expect(await readSecrets(new Map(), {})).toEqual(new Map());
  });

  const throttled = { status: 400, body: '{"__type":"ThrottlingException","message":"slow down"}' };
  const unavailable = { status: 503, body: 'no JSON' };

  test.for<readonly [string, Answer | undefined]>([
    ['throttles', throttled],
    ['has no time', unavailable],
    ['hangs up', undefined],
  ])('are requested again from a service that %s', async ([, failure]) => {
    let left = 2;
    await using service = await serveSecrets((asked) => (left-- > 0 ? failure : valueOf(asked, 'value')));
    expect((await read(service)).size).toBe(2);
    expect(service.asked).toHaveLength(4);
  });

  test.for<readonly [Answer | undefined, string, number]>([
    [
      { status: 400, body: '{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"role sW0rdfish"}' },
      'answers 400 AccessDeniedException',
      1,
    ],
    [{ status: 400, body: '{"__type":"ParameterNotFound"}' }, 'answers 400 ParameterNotFound', 1],
    [{ status: 403, body: 'sW0rdfish' }, 'answers 403', 1],
    [unavailable, 'answers 503', 3],
    [undefined, "can't be reached", 3],
    [{ status: 200, body: 'sW0rdfish' }, 'it holds no text', 1],
    [{ status: 200, body: '{"SecretBinary":"sW0rdfish"}' }, 'it holds no text', 1],
    [{ status: 200, body: '{"Parameter":{"Value":""}}' }, 'it holds no text', 1],
  ])(
    'that can not be read, %j, are named in the error, without the text of the response',
    async ([failure, why, tries]) => {
      await using service = await serveSecrets(() => failure);
      const { host } = new URL(service.url);
      const sources = parseSecretSources({ USERS: 'ssm:/files/users' }) ?? new Map();
      const reading = readSecrets(sources, environment(service));
      const message = why.startsWith('it ') ? why : `${host} ${why}`;
      await expect(reading).rejects.toMatchObject({
        name: 'SettingsError',
        message: `USERS can't be read from ssm:/files/users: ${message}`,
      });
      expect(service.asked).toHaveLength(tries);
    },
  );

  test('are not read through a redirect, which would get the session token', async () => {
    await using other = await serveSecrets((asked) => valueOf(asked, 'value'));
    await using service = await serveSecrets(() => ({ status: 307, body: '', headers: { Location: `${other.url}/` } }));
    await expect(read(service)).rejects.toThrow("can't be reached");
    expect(other.asked).toHaveLength(0);
  });

  test.for(['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('need %s', async (name) => {
    await expect(read({ url: 'http://127.0.0.1:9' }, { [name]: '' })).rejects.toThrow(`${name} is not set`);
  });
});
