import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import type { S3ClientLike } from '../../../../src/store/drivers/s3/client.ts';
import { s3Store } from '../../../../src/store/drivers/s3/s3-store.ts';
import { KEY, refuse, sendObject, loopbackS3 } from './loopback-s3.ts';

const OUTPOST = 'arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01234567890123456/accesspoint/releases';
const MULTI_REGION = 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap';

/** A client like one of another copy of the SDK: private members make its class incompatible with the S3Client of this copy. */
class OtherClient implements S3ClientLike {
  readonly #inner: S3Client;
  private readonly handlers = new Map<string, string>();
  readonly send: S3Client['send'];
  constructor(inner: S3Client) {
    this.#inner = inner;
    this.send = inner.send.bind(inner);
    this.handlers.clear();
  }
  get config() {
    return this.#inner.config;
  }
  get middlewareStack() {
    return this.#inner.middlewareStack;
  }
}

test.for([
  [undefined, 'text/html; charset=utf-8'],
  ['binary/octet-stream', 'binary/octet-stream'],
  ['application/octet-stream', 'application/octet-stream'],
] as const)('the type %j of a response is %j for a page', async ([sent, type]) => {
  using s3 = await loopbackS3((_, res) => {
    const fields = { 'Content-Length': 3, ETag: '"tag"', ...(sent === undefined ? {} : { 'Content-Type': sent }) };
    res.writeHead(200, fields).end('abc');
  });
  expect(await s3.store.head('site/page.html')).toMatchObject({ contentType: type });
  const result = await s3.store.read('site/page.html');
  expect(result).toMatchObject({ type: 'open', representation: { contentType: type } });
  if (result.type === 'open') await result.body.cancel();
  expect((await s3.store.head('site/page'))?.contentType).toBe(sent);
});

describe('an S3 client', () => {
  test.each(['presigned', 'commands'] as const)('of another class works with %s reads', async (reads) => {
    using s3 = await loopbackS3(sendObject);
    const store = s3Store(new OtherClient(s3.client), { bucket: 'bucket', reads });
    expect(await store.head('key')).toMatchObject({ size: 3 });
  });

  test('that is not a client is refused with a clear message', () => {
    const none: S3ClientLike = {
      config: { credentials: async () => KEY },
      middlewareStack: {},
      send: async () => ({}),
    };
    expect(() => s3Store(none, { bucket: 'bucket' })).toThrow('s3Store takes a client of @aws-sdk/client-s3');
  });

  test.each(['presigned', 'commands'] as const)(
    'without credentials gives the error denied with %s reads, without a retry',
    async (reads) => {
      using s3 = await loopbackS3(sendObject, {
        reads,
        credentials: () => Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' })),
      });
      await expect(s3.store.read('key')).rejects.toMatchObject({
        code: 'denied',
        cause: { message: 'there are no credentials to sign with' },
      });
      expect(s3.asked).toHaveLength(0);
    },
  );

  test('whose addresses need header fields is read by commands, unless presigned reads are set', async () => {
    using s3 = await loopbackS3(sendObject);
    const { client } = s3;
    client.middlewareStack.add(
      (next) => (args) => {
        const { request } = args;
        if (typeof request === 'object' && request !== null && 'headers' in request) {
          Object.assign(request.headers ?? {}, { 'x-tenant': 'one' });
        }
        return next(args);
      },
      { step: 'build' },
    );
    expect((await s3Store(client, { bucket: 'bucket' }).read('key')).type).toBe('open');
    expect(s3.asked[0]?.headers).toMatchObject({
      'x-tenant': 'one',
      authorization: expect.stringContaining('x-tenant'),
    });
    await expect(s3Store(client, { bucket: 'bucket', reads: 'presigned' }).read('key')).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('set reads to "commands"'),
    });
  });
});

describe('a bucket that SigV4 signatures can not read', () => {
  test.each(['files--use1-az4--x-s3', 'files--use1-az4--xa-s3', MULTI_REGION, OUTPOST, 'files-alias--op-s3'])(
    '%s is refused at once with presigned reads',
    (bucket) => {
      const client = new S3Client({ region: 'us-east-1', credentials: KEY });
      expect(() => s3Store(client, { bucket, reads: 'presigned' })).toThrow(`${bucket} can't be read by addresses`);
    },
  );

  test('a directory bucket is read by commands, which create a session', async () => {
    using s3 = await loopbackS3((req, res) => {
      if (req.url?.includes('?session') === true) refuse(req, res, 403, 'AccessDenied');
      else sendObject(req, res);
    });
    const { client } = s3;
    const store = s3Store(client, { bucket: 'files--use1-az4--x-s3' });
    await store.read('key').catch(() => undefined);
    expect(s3.asked[0]?.url).not.toContain('X-Amz-Signature');
  });

  test('a multi-region access point gives denied with a clear message if its signature library is missing', async () => {
    const client = new S3Client({ region: 'us-east-1', credentials: KEY });
    await expect(s3Store(client, { bucket: MULTI_REGION }).read('key')).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('install @aws-sdk/signature-v4a'),
    });
  });
});
