import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { checkS3, type S3Check } from '../../../src/platform/s3/s3-storage.ts';
import type { S3Source } from '../../../src/platform/s3/s3-source.ts';
import { scriptedServer } from '../../s3/scripted-server.ts';
import { refuse } from '../../store/drivers/s3/loopback-s3.ts';

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const HOUR = 3_600_000;

async function check(answer: Answer, source: Partial<S3Source> = {}, limit?: number): Promise<S3Check> {
  using s3 = await scriptedServer(answer);
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const access = { endpoint: s3.endpoint, pathStyle: true, credentials, attempts: 1 };
  return await checkS3({ bucket: 'bucket', access, ...source }, limit);
}

const answering =
  (status: number, code: string): Answer =>
  (req, res) =>
    refuse(req, res, status, code, new Date());

test('a missing object is a successful check', async () => {
  expect(await check(answering(404, 'NoSuchKey'))).toEqual({ type: 'readable' });
});

test.each([
  [403, 'InvalidAccessKeyId', 'the storage knows no such access key'],
  [403, 'SignatureDoesNotMatch', 'the secret is not that of the access key'],
  [400, 'ExpiredToken', 'the session token is not valid, or no longer'],
  [403, 'RequestTimeTooSkewed', "this machine's clock is off"],
  [404, 'NoSuchBucket', 'there is no such bucket at this endpoint'],
  [400, 'AuthorizationQueryParametersError', 'the bucket is in another region; set the region'],
  [301, 'PermanentRedirect', 'the bucket is in another region: set the region'],
  [403, 'AccessDenied', 'may not list it'],
])('%i %s is reported as a clear sentence', async (status, code, sentence) => {
  for (const reads of ['presigned', 'commands'] as const) {
    const result = await check(answering(status, code), { reads });
    expect(result).toMatchObject({ type: 'refused', says: expect.stringContaining(sentence) });
  }
});

test('a policy that refuses only presigned reads is distinguished from credentials without read permission', async () => {
  const result = await check((req, res) => {
    if (req.headers.authorization === undefined) refuse(req, res, 403, 'AccessDenied', new Date());
    else refuse(req, res, 404, 'NoSuchKey');
  });
  expect(result).toMatchObject({ type: 'refused', says: expect.stringContaining('set reads to "commands"') });
});

test('if a 403 means missing, the check reports that it proves nothing', async () => {
  const result = await check(answering(403, 'AccessDenied'), { forbidden: 'missing' });
  expect(result).toMatchObject({ type: 'unsure', says: expect.stringContaining('whether an object can be read') });
});

test.each([
  [HOUR, "this machine's clock is 60 minutes behind the storage's"],
  [-HOUR, "this machine's clock is 60 minutes ahead of the storage's"],
])('a clock that is %i ms off is reported, even if reads succeed', async (ahead, sentence) => {
  let call = 0;
  const result = await check((req, res) => {
    const now = new Date(Date.now() + ahead);
    if (call++ === 0) refuse(req, res, 403, 'AccessDenied', now);
    else refuse(req, res, 404, 'NoSuchKey', now);
  });
  expect(result).toMatchObject({ type: 'readable', note: expect.stringContaining(sentence) });
});

test('a storage that never responds causes a timeout', async () => {
  const begun = Date.now();
  const result = await check(() => undefined, {}, 300);
  expect(result).toMatchObject({ type: 'unreachable', says: expect.stringContaining('no answer') });
  expect(Date.now() - begun).toBeLessThan(3_000);
});

test('an address without a listener, and a server that is not S3, are unreachable', async () => {
  const refused = {
    endpoint: 'http://127.0.0.1:9',
    pathStyle: true,
    credentials: { accessKeyId: 'k', secretAccessKey: 's' },
  };
  const result = await checkS3({ bucket: 'bucket', access: { ...refused, attempts: 1 } });
  expect(result).toMatchObject({
    type: 'unreachable',
    says: expect.stringContaining('nothing listens at the endpoint'),
  });
  expect(await check((_, res) => void res.writeHead(418).end())).toMatchObject({ type: 'unreachable' });
});
