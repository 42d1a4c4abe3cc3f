import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePieceIndex, pieceIndexKey } from '../../src/digests/piece-index.ts';
import { queueHandler } from '../../src/platform/lambda/queued-events.ts';
import { indexedBucket } from '../../src/platform/s3/indexed-bucket.ts';
import { access, hasS3, newBucket } from '../s3/server.ts';
import { scriptedServer } from '../s3/scripted-server.ts';
import { hasRuntime, startRuntime, type Runtime } from './runtime.ts';

/** An event of S3 as EventBridge sends it, in the message of a queue. */
function message(type: string, bucket: string, key: string, size = 1) {
  const detail = { version: '0', bucket: { name: bucket }, object: { key, size, etag: '0', sequencer: '1' } };
  return JSON.stringify({ version: '0', 'detail-type': type, source: 'aws.s3', account: '123456789012', detail });
}

const records = (...bodies: readonly string[]) => ({
  Records: bodies.map((body, i) => ({ messageId: `message-${i}`, body, eventSource: 'aws:sqs' })),
});

const NONE_FAILED = { batchItemFailures: [] };
const KEYS = ['a.bin', 'a b+c%2B.bin', 'ünï/日本 "x".bin', 'empty'];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

type Bucket = Awaited<ReturnType<typeof newBucket>>;

async function indexOf({ store }: Bucket, key: string, prefix = '') {
  const read = await store.read(prefix + (await pieceIndexKey(key)));
  if (read.type !== 'open') return undefined;
  return decodePieceIndex(new Uint8Array(await new Response(read.body).arrayBuffer()));
}

const environment = (bucket: string, endpoint = access.endpoint) => ({
  AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
  RANGEWAY_BUCKET: bucket,
  RANGEWAY_S3_ENDPOINT: endpoint,
  RANGEWAY_S3_PATH_STYLE: 'true',
});

async function send(runtime: Runtime, ...bodies: readonly string[]): Promise<unknown> {
  const posted = await runtime.send(records(...bodies));
  return posted.type === 'response' ? JSON.parse(posted.body.toString()) : posted.report;
}

describe.skipIf(!hasS3 || !hasRuntime)("the index function under AWS's runtime, over S3", () => {
  let runtime: Runtime;
  let bucket: Bucket;
  beforeAll(async () => {
    bucket = await newBucket();
    runtime = await startRuntime('indexHandler', { ...environment(bucket.bucket), RANGEWAY_PIECES_PREFIX: 'v1/' });
  });
  afterAll(() => runtime[Symbol.asyncDispose]());

  test.for(KEYS)('builds a true index of %j, and removes it', async (key) => {
    const bytes = key === 'empty' ? new Uint8Array() : randomBytes(2_500_000);
    await bucket.put(key, bytes);
    const etag = (await bucket.store.head(key))?.etag?.opaque;
    expect(await send(runtime, message('Object Created', bucket.bucket, key))).toEqual(NONE_FAILED);
    const index = await indexOf(bucket, key, 'v1/');
    expect(index).toMatchObject({ key, etag, size: bytes.length });
    expect(Buffer.from(index?.sha256 ?? []).toString('hex')).toBe(sha256(bytes));
    const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.bucket, Key: key }));
    expect(await send(runtime, message('Object Deleted', bucket.bucket, key))).toEqual(NONE_FAILED);
    expect(await indexOf(bucket, key, 'v1/')).toBeUndefined();
  });

  test('drops events of indexes, of other kinds, and of too large objects, which it tells in the log', async () => {
    const own = 'v1/.rangeway/pieces/x';
    for (const key of [own, 'large', 'restored']) await bucket.put(key, new Uint8Array(1));
    const bodies = [
      message('Object Created', bucket.bucket, own),
      message('Object Created', bucket.bucket, 'large', 64 * 1024 ** 3 + 1),
      message('Object Restore Completed', bucket.bucket, 'restored'),
    ];
    expect(await send(runtime, ...bodies)).toEqual(NONE_FAILED);
    for (const key of [own, 'large', 'restored']) expect(await indexOf(bucket, key, 'v1/')).toBeUndefined();
    expect(runtime.output()).toContain('rangeway: "large": over 64 GiB; rangeway index builds its piece index');
  });

  test('a message that is no event of S3 is delivered again, and the others of its batch are not', async () => {
    await bucket.put('good', new Uint8Array(1));
    for (const body of ['{', '{}', '[]', JSON.stringify({ source: 'aws.ec2', detail: { object: { key: 'good' } } })])
      expect(await send(runtime, body, message('Object Created', bucket.bucket, 'good'))).toEqual({
        batchItemFailures: [{ itemIdentifier: 'message-0' }],
      });
    expect(await indexOf(bucket, 'good', 'v1/')).toBeDefined();
  });
});

describe.skipIf(!hasRuntime)("the index function under AWS's runtime, over a storage with faults", () => {
  const TAG = '"0123456789abcdef0123456789abcdef"';
  const bytes = randomBytes(3_000_000);

  test('goes on where a body broke off, fails for a storage that refuses, and never writes half an index', async () => {
    const written = new Map<string, Buffer[]>();
    let breaks = 1;
    const origin = await scriptedServer((req, res) => {
      const path = new URL(req.url ?? '', 'http://origin').pathname;
      if (req.method === 'PUT') {
        const chunks: Buffer[] = [];
        written.set(path, chunks);
        req.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => res.writeHead(200).end());
      } else if (path.endsWith('/denied')) res.writeHead(403).end();
      else if (path.includes('.rangeway')) res.writeHead(404).end();
      else if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': bytes.length, ETag: TAG }).end();
      else {
        const [, start = '0'] = /^bytes=(\d+)-/.exec(req.headers.range ?? '') ?? [];
        const rest = bytes.subarray(Number(start));
        const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
        const fields = { 'Content-Length': rest.length, ETag: TAG, 'Content-Range': range };
        res.writeHead(req.headers.range === undefined ? 200 : 206, fields);
        if (breaks-- > 0) res.write(rest.subarray(0, 1_500_000), () => res.socket?.resetAndDestroy());
        else res.end(rest);
      }
    });
    await using runtime = await startRuntime('indexHandler', environment('files', origin.endpoint));
    expect(await send(runtime, message('Object Created', 'files', 'whole'))).toEqual(NONE_FAILED);
    const [stored = []] = written.values();
    const index = await decodePieceIndex(new Uint8Array(Buffer.concat(stored)));
    expect(Buffer.from(index?.sha256 ?? []).toString('hex')).toBe(sha256(bytes));
    const refused = await send(runtime, message('Object Created', 'files', 'denied'));
    expect(refused).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(written.size).toBe(1);
    expect(runtime.output()).toContain('rangeway: "denied": no index');
    origin[Symbol.dispose]();
  });
});

describe.skipIf(!hasS3)('the handler of the queue, over S3', () => {
  test('gives up before the function is cut off, says so, and does not ask for the event again', async () => {
    const bucket = await newBucket();
    await bucket.put('long', randomBytes(1_000_000));
    const handler = queueHandler(indexedBucket({ bucket: bucket.bucket, access }));
    const event = records(message('Object Created', bucket.bucket, 'long'));
    expect(await handler(event, { getRemainingTimeInMillis: () => 4_000 })).toEqual(NONE_FAILED);
    expect(await indexOf(bucket, 'long')).toBeUndefined();
    expect(await handler(event, { getRemainingTimeInMillis: () => 400_000 })).toEqual(NONE_FAILED);
    expect(await indexOf(bucket, 'long')).toBeDefined();
  });
});
