import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import type { MountOptions } from '../../src/gateway/open-mounts.ts';
import { lambdaGateway } from '../../src/platform/lambda/gateway.ts';
import { s3Client } from '../../src/platform/s3/s3-client.ts';
import { s3Storage, type S3Source } from '../../src/platform/s3/s3-storage.ts';
import { withFallback } from '../../src/store/wrappers/with-fallback.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { scriptedServer } from '../s3/scripted-server.ts';

const BYTES = pseudoRandom(300_000);
const TAG = '"0123456789abcdef0123456789abcdef"';
const MODIFIED = 'Wed, 01 Jan 2020 00:00:00 GMT';

/** The error document of AWS. */
const REFUSAL =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object&apos;s storage class</Message><StorageClass>GLACIER</StorageClass><RequestId>4442587FB7D0A2F9</RequestId></Error>';

interface Archive {
  isArchived: boolean;
  /** Whether preconditions are evaluated before the storage class. */
  readonly evaluatesFirst: boolean;
}

function answer(archive: Archive, { method, headers }: IncomingMessage, res: ServerResponse): void {
  const fields = { ETag: TAG, 'Last-Modified': MODIFIED, 'Content-Type': 'a/b' };
  const isHeldBack = archive.evaluatesFirst || !archive.isArchived;
  if (method === 'HEAD') {
    res.writeHead(200, { ...fields, 'Content-Length': BYTES.length, 'x-amz-storage-class': 'GLACIER' }).end();
  } else if (isHeldBack && (headers['if-match'] ?? TAG) !== TAG) {
    res.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
  } else if (isHeldBack && headers['if-none-match'] === TAG) {
    res.writeHead(304, fields).end();
  } else if (archive.isArchived) {
    res.writeHead(403, { 'Content-Type': 'application/xml' }).end(REFUSAL);
  } else {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(last === undefined || last === '' ? BYTES.length : Number(last) + 1, BYTES.length);
    const partial = first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${BYTES.length}` };
    res.writeHead(first === undefined ? 200 : 206, { ...fields, ...partial, 'Content-Length': end - start });
    res.end(BYTES.subarray(start, end));
  }
}

/** An S3 with one object, which may be archived, and a gateway over it. */
async function open(
  { evaluatesFirst = false, ...source }: Partial<S3Source> & Partial<Archive> = {},
  options: Partial<MountOptions> = {},
  around: (store: ObjectStore, bucketOf: (bucket: string) => ObjectStore) => ObjectStore = (store) => store,
) {
  const archive: Archive = { isArchived: true, evaluatesFirst };
  const origin = await scriptedServer((req, res) => answer(archive, req, res));
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const access = { endpoint: origin.endpoint, pathStyle: true, credentials };
  const entries: LogEntry[] = [];
  const bucketOf = (bucket: string) => s3Storage({ access, bucket, ...source });
  const store = around(bucketOf('bucket'), bucketOf);
  const gateway = createGateway({ store, observers: [logObserver((entry) => entries.push(entry))], ...options });
  const ask = (headers: Record<string, string> = {}, method = 'GET') => gateway.request('/a.bin', { method, headers });
  return { archive, access, entries, ask, asked: origin.asked, [Symbol.dispose]: () => origin[Symbol.dispose]() };
}

async function expectArchived(response: Response): Promise<void> {
  expect(response.status).toBe(409);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  expect(response.headers.get('Retry-After')).toBeNull();
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({
    type: 'urn:rangeway:problem:archived',
    title: 'Object Is Archived',
    status: 409,
    detail: expect.stringContaining('restored'),
  });
  expect(text).not.toMatch(/InvalidObjectState|GLACIER|4442587FB7D0A2F9/);
}

const REQUESTS: readonly (readonly [string, Record<string, string>])[] = [
  ['the whole', {}],
  ['a range', { Range: 'bytes=5-9' }],
  ['a range from the middle', { Range: 'bytes=100000-' }],
  ['a suffix', { Range: 'bytes=-5' }],
  ['several ranges', { Range: 'bytes=0-9,200000-200009' }],
  ['several ranges, the first a suffix', { Range: 'bytes=-5,0-9' }],
  ['a range under the current If-Range', { Range: 'bytes=5-', 'If-Range': TAG }],
  ['a range under a stale If-Range', { Range: 'bytes=5-', 'If-Range': '"old"' }],
  ['a range under a date', { Range: 'bytes=5-', 'If-Range': MODIFIED }],
  ['under If-Match', { 'If-Match': TAG }],
  ['under If-None-Match of another version', { 'If-None-Match': '"old"' }],
];

describe.each(['denied', 'missing'] as const)('an archived object, if a 403 means %s', (forbidden) => {
  test.each(REQUESTS)('%s: 409 of the type archived, and the reason in the log', async (_name, headers) => {
    using opened = await open({ forbidden });
    await expectArchived(await opened.ask(headers));
    expect(opened.entries).toMatchObject([{ status: 409, error: expect.stringContaining('InvalidObjectState') }]);
  });

  test('is read once, without a retry', async () => {
    using opened = await open({ forbidden });
    await opened.ask({ Range: 'bytes=5-9' });
    expect(opened.asked).toHaveLength(1);
  });

  test('HEAD is 200, because the metadata can be read', async () => {
    using opened = await open({ forbidden });
    const response = await opened.ask({}, 'HEAD');
    expect([response.status, response.headers.get('ETag'), response.headers.get('Content-Length')]).toEqual([
      200,
      TAG,
      String(BYTES.length),
    ]);
  });

  test('a 304 or 412 of the storage is passed on', async () => {
    using opened = await open({ forbidden, evaluatesFirst: true });
    expect((await opened.ask({ 'If-None-Match': TAG })).status).toBe(304);
    expect((await opened.ask({ 'If-Match': '"old"' })).status).toBe(412);
    await expectArchived(await opened.ask({ Range: 'bytes=5-', 'If-Range': '"old"' }));
  });

  test('is served again after it is restored', async () => {
    using opened = await open({ forbidden });
    await expectArchived(await opened.ask());
    opened.archive.isArchived = false;
    expect(equal(new Uint8Array(await (await opened.ask()).arrayBuffer()), BYTES)).toBe(true);
  });
});

test('a 403 for another reason keeps its meaning', async () => {
  for (const [forbidden, status] of [
    ['denied', 502],
    ['missing', 404],
  ] as const) {
    using origin = await scriptedServer((_req, res) =>
      res.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'),
    );
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const access = { endpoint: origin.endpoint, pathStyle: true, credentials };
    const gateway = createGateway({
      store: s3Storage({ access, bucket: 'b', forbidden }),
      observers: [{ end: () => undefined }],
    });
    expect((await gateway.request('/a.bin')).status).toBe(status);
  }
});

test('the replica is not read for an archived object, because archived is a final result', async () => {
  using opened = await open({}, {}, (first, bucketOf) => withFallback(first, bucketOf('replica')));
  await expectArchived(await opened.ask());
  await expectArchived(await opened.ask());
  expect(opened.asked.map(({ url }) => url?.split('?')[0])).toEqual(['/bucket/a.bin', '/bucket/a.bin']);
});

describe('an archived object behind a block cache', () => {
  afterEach(() => void vi.useRealTimers());
  // Only the clock is fake: timers run in real time.
  const pass = (ms: number) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + ms);
  };
  const cached = (forbidden: 'missing' | 'denied' = 'missing', evaluatesFirst = false) =>
    open(
      { forbidden, evaluatesFirst },
      { cache: memoryCache({ maxBytes: 10_000_000 }), blocks: { size: 64 * 1024, ttl: 1_000, negativeTtl: 60_000 } },
    );

  test.each(REQUESTS)('%s: 409, cold and with cached metadata', async (_name, headers) => {
    using opened = await cached();
    await expectArchived(await opened.ask(headers));
    expect((await opened.ask({}, 'HEAD')).status).toBe(200);
    await expectArchived(await opened.ask(headers));
  });

  test('is never cached as missing', async () => {
    using opened = await cached();
    await expectArchived(await opened.ask());
    expect((await opened.ask({}, 'HEAD')).status).toBe(200);
    opened.archive.isArchived = false;
    expect(equal(new Uint8Array(await (await opened.ask()).arrayBuffer()), BYTES)).toBe(true);
  });

  test('costs one operation while its metadata are fresh', async () => {
    using opened = await cached();
    await opened.ask();
    const before = opened.asked.length;
    await expectArchived(await opened.ask());
    await expectArchived(await opened.ask({ Range: 'bytes=5-9' }));
    expect([before, opened.asked.length - before]).toEqual([3, 2]);
  });

  test.each([true, false])(
    'cached blocks are served, and revalidated by HEAD (preconditions first: %s)',
    async (evaluatesFirst) => {
      using opened = await cached('denied', evaluatesFirst);
      opened.archive.isArchived = false;
      await (await opened.ask()).arrayBuffer();
      opened.archive.isArchived = true;
      for (const ms of [0, 2_000]) {
        pass(ms);
        const response = await opened.ask();
        expect(response.status).toBe(200);
        expect(equal(new Uint8Array(await response.arrayBuffer()), BYTES)).toBe(true);
        const part = await opened.ask({ Range: 'bytes=70000-140000' });
        expect(equal(new Uint8Array(await part.arrayBuffer()), BYTES.subarray(70_000, 140_001))).toBe(true);
        expect((await opened.ask({ 'If-None-Match': TAG })).status).toBe(304);
      }
    },
  );

  test('that is partly cached gets 409 before the first byte', async () => {
    using opened = await cached('denied');
    opened.archive.isArchived = false;
    const first = await opened.ask({ Range: 'bytes=0-131071' });
    expect((await first.arrayBuffer()).byteLength).toBe(131_072);
    opened.archive.isArchived = true;
    expect((await opened.ask({ Range: 'bytes=0-99999' })).status).toBe(206);
    await expectArchived(await opened.ask());
    await expectArchived(await opened.ask({ Range: 'bytes=100000-' }));
  });
});

describe('an archived object on Lambda', () => {
  test('is not redirected to the storage, which would not send it', async () => {
    using opened = await open();
    const client = s3Client(opened.access);
    for (const forbidden of ['missing', 'denied'] as const) {
      for (const overflow of ['redirect', 'partial', 'refuse'] as const) {
        const config = { bucket: 'bucket', prefix: '', access: opened.access, settings: {}, linkSeconds: 60 };
        const gateway = lambdaGateway(client, { ...config, overflow, forbidden }, 100, () => undefined);
        const ask = async (init: RequestInit) => gateway.fetch(new Request('https://localhost/a.bin', init));
        await expectArchived(await ask({}));
        await expectArchived(await ask({ headers: { Range: 'bytes=0-9' } }));
        expect((await ask({ method: 'HEAD' })).status).toBe(200);
      }
    }
  });
});
