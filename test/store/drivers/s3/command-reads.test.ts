import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { s3Store } from '../../../../src/store/drivers/s3/s3-store.ts';
import { newRequestStats } from '../../../../src/store/request-stats.ts';
import { KEY, refuse, sendObject, loopbackS3 } from './loopback-s3.ts';

const HOUR = 3_600_000;

/** When a request was signed, in ms since the epoch. */
function signedAt(date: string | string[] | undefined): number {
  return Date.parse(String(date).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
}

describe("reads by the SDK's commands", () => {
  test("run the middleware and the request handler of the user's client", async () => {
    using s3 = await loopbackS3(sendObject);
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: KEY,
    });
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, RequestPayer: 'requester' } }),
      { step: 'initialize' },
    );
    const store = s3Store(client, { bucket: 'bucket', reads: 'commands' });
    await store.head('key');
    const result = await store.read('key');
    expect(result.type === 'open' && (await new Response(result.body).text())).toBe('abc');
    expect(s3.asked.map(({ method, headers }) => [method, headers['x-amz-request-payer']])).toEqual([
      ['HEAD', 'requester'],
      ['GET', 'requester'],
    ]);
    expect(s3.asked[1]?.headers.authorization).toContain('x-amz-request-payer');
    expect(s3.asked[1]?.headers.authorization).not.toContain('accept-encoding');
    expect(s3.asked[1]?.headers['accept-encoding']).toContain('gzip');
  });

  test('send the range and the preconditions as header fields', async () => {
    using s3 = await loopbackS3(sendObject, { reads: 'commands' });
    const at = Date.UTC(2026, 0, 1) / 1000;
    await s3.store.read('key', {
      conditions: {
        ifMatch: [{ opaque: 'tag', weak: false }],
        ifNoneMatch: [{ opaque: 'other', weak: true }],
        ifModifiedSince: at,
        ifUnmodifiedSince: at,
      },
      range: { form: 'bounded', start: 0, end: 2 },
      version: '7',
    });
    expect(s3.asked[0]?.url).toBe('/bucket/key?versionId=7&x-id=GetObject');
    expect(s3.asked[0]?.headers).toMatchObject({
      range: 'bytes=0-1',
      'if-match': '"tag"',
      'if-none-match': '"other"',
      'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT',
      'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT',
    });
  });

  test('accept an object with invalid stored dates, as presigned reads do', async () => {
    for (const reads of ['presigned', 'commands'] as const) {
      using s3 = await loopbackS3(
        (_, res) =>
          void res
            .writeHead(200, { 'Content-Length': 3, ETag: '"tag"', 'Last-Modified': '2020', Expires: '3600' })
            .end('abc'),
        { reads },
      );
      const result = await s3.store.read('key');
      if (result.type !== 'open') throw new Error(result.type);
      expect(await new Response(result.body).text()).toBe('abc');
      expect(result.representation).toMatchObject({ size: 3, lastModified: undefined, expires: '3600' });
    }
  });

  test('count the retries of the SDK as storage operations', async () => {
    using s3 = await loopbackS3((req, res, call) => {
      if (call < 3) refuse(req, res, 503, 'SlowDown');
      else sendObject(req, res);
    });
    const client = new S3Client({
      endpoint: s3.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: KEY,
      maxAttempts: 3,
    });
    const stats = newRequestStats();
    await s3Store(client, { bucket: 'bucket', reads: 'commands' }).read('key', { stats });
    expect([stats.operations, s3.asked.length]).toEqual([3, 3]);
  });

  test.each([HOUR, -HOUR])('find an existing object with a clock that is %i ms behind', async (ahead) => {
    using s3 = await loopbackS3(
      (req, res) => {
        const now = Date.now() + ahead;
        if (Math.abs(signedAt(req.headers['x-amz-date']) - now) <= 900_000) sendObject(req, res);
        else refuse(req, res, 403, 'AccessDenied', new Date(now));
      },
      { reads: 'commands', forbidden: 'missing' },
    );
    expect((await s3.store.read('key')).type).toBe('open');
    expect(await s3.store.head('key')).toMatchObject({ size: 3 });
  });

  test('throw the error of a middleware, even if the storage has responded', async () => {
    using s3 = await loopbackS3(sendObject);
    const { client } = s3;
    client.middlewareStack.add(
      (next) => async (args) => {
        await next(args);
        throw new Error('no more today');
      },
      { step: 'initialize' },
    );
    const read = s3Store(client, { bucket: 'bucket', reads: 'commands' }).read('key');
    await expect(read).rejects.toMatchObject({ code: 'unavailable', cause: { message: 'no more today' } });
  });
});

describe('presigned and command reads map an error response to the same store error', () => {
  const cases: readonly (readonly [status: number, code: string, expected: object])[] = [
    [304, '', { type: 'unmodified' }],
    [400, 'KeyTooLongError', { type: 'missing' }],
    [400, 'InvalidRequest', { code: 'denied' }],
    [401, 'Unauthorized', { code: 'denied' }],
    [403, 'AccessDenied', { type: 'missing' }],
    [403, 'SignatureDoesNotMatch', { code: 'denied' }],
    [403, 'InvalidObjectState', { code: 'archived' }],
    [404, 'NoSuchKey', { type: 'missing' }],
    [404, 'NoSuchBucket', { code: 'denied' }],
    [412, 'PreconditionFailed', { type: 'version-changed' }],
    [416, 'InvalidRange', { type: 'unsatisfiable', size: 10 }],
    [429, 'TooManyRequests', { code: 'throttled' }],
    [500, 'InternalError', { code: 'unavailable' }],
    [503, 'SlowDown', { code: 'throttled' }],
    [301, 'PermanentRedirect', { code: 'denied' }],
  ];
  test.each(cases.flatMap((one) => [['presigned', ...one] as const, ['commands', ...one] as const]))(
    '%s: %i %s',
    async (reads, status, code, expected) => {
      using s3 = await loopbackS3(
        (_, res) => {
          const size = status === 416 ? '<ActualObjectSize>10</ActualObjectSize>' : '';
          const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message>${size}</Error>`;
          res.writeHead(status, status === 304 ? {} : { 'Content-Type': 'application/xml' });
          res.end(status === 304 ? undefined : body);
        },
        { reads, forbidden: 'missing' },
      );
      const result = await s3.store.read('key').catch((error: unknown) => error);
      expect(result).toMatchObject(expected);
    },
  );

  test.each(['presigned', 'commands'] as const)('%s: an aborted signal gives the error code aborted', async (reads) => {
    const gone = new AbortController();
    using s3 = await loopbackS3(() => gone.abort(new Error('left')), { reads });
    await expect(s3.store.read('key', { signal: gone.signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});
