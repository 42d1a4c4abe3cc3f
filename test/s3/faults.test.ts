import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import type { S3Access } from '../../src/platform/s3/s3-client.ts';
import { s3Storage } from '../../src/platform/s3/s3-storage.ts';
import type { S3Location } from '../../src/store/drivers/s3/s3-store.ts';
import { scriptedServer } from './scripted-server.ts';
import { access, fixtureBucket, hasS3 } from './server.ts';

/** A gateway over an S3 at this address, and its log. */
function gatewayOver(reached: Partial<S3Access>, location: Partial<S3Location> = {}) {
  const entries: LogEntry[] = [];
  const store = s3Storage({ access: { ...access, ...reached }, bucket: 'bucket', ...location });
  return { gateway: createGateway({ store, observers: [logObserver((entry) => entries.push(entry))] }), entries };
}

const TAG = '"0123456789abcdef0123456789abcdef"';

describe.skipIf(!hasS3)('a real S3 that refuses', () => {
  const cases: readonly (readonly [string, Partial<S3Access>, Partial<S3Location>, number])[] = [
    ['wrong credentials', { credentials: { accessKeyId: 'rangeway', secretAccessKey: 'wrong' } }, {}, 502],
    ['an unknown key', { credentials: { accessKeyId: 'nobody', secretAccessKey: 'wrong' } }, {}, 502],
    ['a missing bucket', {}, { bucket: 'no-such-bucket' }, 502],
    ['a missing bucket, where a 403 means missing', {}, { bucket: 'no-such-bucket', forbidden: 'missing' }, 502],
  ];
  test.for(cases)('%s', async ([, reached, location, status]) => {
    const { gateway, entries } = gatewayOver(reached, location);
    const response = await gateway.request('/key');
    expect(response.status).toBe(status);
    expect(await response.text()).not.toMatch(/bucket|Access|Signature/i);
    expect(entries[0]).toMatchObject({
      outcome: 'failed',
      error: expect.stringMatching(/S3 GetObject failed with 40\d; caused by|S3 GetObject failed with 40\d/),
    });
  });
  test.for(cases)('%s: not ready', async ([, reached, location]) => {
    const { gateway } = gatewayOver(reached, location);
    expect((await gateway.request('/.rangeway/ready')).status).toBe(503);
  });
  test('a bucket: ready', async () => {
    const { gateway } = gatewayOver({}, { bucket: fixtureBucket().bucket });
    expect((await gateway.request('/.rangeway/ready')).status).toBe(200);
  });
});

test('an endpoint without a listener: 503 with Retry-After, and the reason in the log', async () => {
  const { gateway, entries } = gatewayOver({ endpoint: 'http://127.0.0.1:9', attempts: 1 });
  const response = await gateway.request('/key');
  expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5']);
  expect(entries[0]?.error).toContain('ECONNREFUSED');
});

test('an endpoint that never responds fails after the timeout', async () => {
  using origin = await scriptedServer(() => undefined);
  const { gateway, entries } = gatewayOver({ endpoint: origin.endpoint, attempts: 1, requestTimeout: 100 });
  expect((await gateway.request('/key')).status).toBe(503);
  expect(entries[0]?.error).toContain('TimeoutError');
});

test('SlowDown is retried, within the limit', async () => {
  using origin = await scriptedServer((_req, res, call) => {
    if (call < 3) res.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
    else res.writeHead(200, { 'Content-Length': 3, ETag: TAG }).end('abc');
  });
  const { gateway } = gatewayOver({ endpoint: origin.endpoint, attempts: 3 });
  const response = await gateway.request('/key');
  expect([response.status, await response.text(), origin.asked.length]).toEqual([200, 'abc', 3]);
});

test('a permanent SlowDown is 503 with Retry-After', async () => {
  using origin = await scriptedServer((_req, res) => res.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'));
  const { gateway, entries } = gatewayOver({ endpoint: origin.endpoint, attempts: 2 });
  const response = await gateway.request('/key');
  expect([response.status, response.headers.get('Retry-After'), origin.asked.length]).toEqual([503, '5', 2]);
  expect(entries[0]?.error).toContain('SlowDown');
});

describe('a response that does not match the request is refused, never passed on', () => {
  const answers: readonly (readonly [string, number, Record<string, string | number>, string])[] = [
    ['other bytes', 206, { 'Content-Range': 'bytes 3-5/10', 'Content-Length': 3, ETag: TAG }, 'abc'],
    ['another version', 206, { 'Content-Range': 'bytes 2-4/10', 'Content-Length': 3, ETag: '"ffff"' }, 'abc'],
    ['no version', 206, { 'Content-Range': 'bytes 2-4/10', 'Content-Length': 3 }, 'abc'],
    ['a Content-Range that is none', 206, { 'Content-Range': 'bytes 4-2/10', 'Content-Length': 3, ETag: TAG }, 'abc'],
    ['a Content-Range without a size', 206, { 'Content-Range': 'bytes 2-4/*', 'Content-Length': 3, ETag: TAG }, 'abc'],
    // Node sends it chunked.
    [
      'a part without a length',
      206,
      { 'Content-Range': 'bytes 2-4/10', ETag: TAG, 'Transfer-Encoding': 'chunked' },
      'abc',
    ],
    ['a part without a Content-Range', 206, { 'Content-Length': 3, ETag: TAG }, 'abc'],
    ['another length', 206, { 'Content-Range': 'bytes 2-4/10', 'Content-Length': 2, ETag: TAG }, 'ab'],
  ];
  test.for(answers)('%s', async ([, status, headers, body]) => {
    using origin = await scriptedServer((_req, res) => res.writeHead(status, headers).end(body));
    const { gateway, entries } = gatewayOver({ endpoint: origin.endpoint, attempts: 1 });
    const response = await gateway.request('/key', { headers: { Range: 'bytes=2-4', 'If-Range': TAG } });
    expect([502, 503]).toContain(response.status);
    expect(await response.text()).toContain('requestId');
    expect(entries[0]?.outcome).toBe('failed');
  });
});

test('an interrupted body breaks the response', async () => {
  using origin = await scriptedServer((_req, res) => {
    res.writeHead(200, { 'Content-Length': 1_000, ETag: TAG });
    res.write('x'.repeat(500), () => setTimeout(() => res.destroy(), 50));
  });
  const { gateway, entries } = gatewayOver({ endpoint: origin.endpoint, attempts: 1 });
  const response = await gateway.request('/key');
  await expect(response.text()).rejects.toThrow();
  expect(entries[0]).toMatchObject({ outcome: 'failed', bytesSent: 500 });
});

test('a 304 or 416 of AWS costs one request, because it has the needed metadata', async () => {
  using origin = await scriptedServer((req, res) => {
    if (req.headers['if-none-match'] !== undefined) {
      res
        .writeHead(304, { ETag: TAG, 'Last-Modified': 'Wed, 01 Jan 2020 00:00:00 GMT', 'Cache-Control': 'max-age=7' })
        .end();
    } else {
      res.writeHead(416).end('<Error><Code>InvalidRange</Code><ActualObjectSize>10</ActualObjectSize></Error>');
    }
  });
  const { gateway, entries } = gatewayOver({ endpoint: origin.endpoint });
  const unmodified = await gateway.request('/key', { headers: { 'If-None-Match': TAG } });
  expect([unmodified.status, unmodified.headers.get('ETag'), unmodified.headers.get('Cache-Control')]).toEqual([
    304,
    TAG,
    'max-age=7, no-transform',
  ]);
  const unsatisfiable = await gateway.request('/key', { headers: { Range: 'bytes=10-' } });
  expect([unsatisfiable.status, unsatisfiable.headers.get('Content-Range')]).toEqual([416, 'bytes */10']);
  expect(entries.map(({ storageReads }) => storageReads)).toEqual([1, 1]);
  expect(origin.asked).toHaveLength(2);
});

test('a 206 without Content-Range is refused, because its length would look like the range of a smaller object', async () => {
  using origin = await scriptedServer((_req, res) => res.writeHead(206, { 'Content-Length': 3, ETag: TAG }).end('abc'));
  const { gateway } = gatewayOver({ endpoint: origin.endpoint });
  expect((await gateway.request('/key', { headers: { Range: 'bytes=0-2' } })).status).toBe(502);
  expect((await gateway.request('/key', { headers: { Range: 'bytes=-3' } })).status).toBe(502);
});

describe('a 416 of AWS is not final if the size does not confirm it', () => {
  const cases: readonly (readonly [string, number, Record<string, string>, number])[] = [
    ['a suffix of an empty object', 0, { Range: 'bytes=-3' }, 200],
    ['another member of the set is satisfiable', 10, { Range: 'bytes=20-, -3' }, 206],
    ['If-Range does not hold', 10, { Range: 'bytes=20-', 'If-Range': '"old"', 'If-None-Match': '"old"' }, 200],
    [
      'If-Match does not hold, though If-Range does',
      10,
      { Range: 'bytes=20-', 'If-Range': TAG, 'If-Match': '"old"' },
      412,
    ],
  ];
  test.for(cases)('%s', async ([, size, headers, status]) => {
    using origin = await scriptedServer((req, res) => {
      const fields = { ETag: TAG, 'Last-Modified': 'Wed, 01 Jan 2020 00:00:00 GMT' };
      if (req.method === 'HEAD') res.writeHead(200, { ...fields, 'Content-Length': size }).end();
      else if (req.headers.range === 'bytes=7-9')
        res.writeHead(206, { ...fields, 'Content-Length': 3, 'Content-Range': 'bytes 7-9/10' }).end('789');
      else if (req.headers.range === undefined)
        res.writeHead(200, { ...fields, 'Content-Length': 10 }).end('0123456789');
      else
        res.writeHead(416).end(`<Error><Code>InvalidRange</Code><ActualObjectSize>${size}</ActualObjectSize></Error>`);
    });
    const { gateway } = gatewayOver({ endpoint: origin.endpoint });
    expect((await gateway.request('/key', { headers })).status).toBe(status);
  });
});

test('a 403 means missing with forbidden: missing', async () => {
  using origin = await scriptedServer((_req, res) =>
    res.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>'),
  );
  const reached = { endpoint: origin.endpoint };
  expect((await gatewayOver(reached).gateway.request('/key')).status).toBe(502);
  expect((await gatewayOver(reached, { forbidden: 'missing' }).gateway.request('/key')).status).toBe(404);
});

test('no header field of a client is passed on to S3 unchanged', async () => {
  using origin = await scriptedServer((_req, res) => res.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>'));
  const { gateway } = gatewayOver({ endpoint: origin.endpoint }, { prefix: 'below/' });
  const headers = {
    Authorization: 'Bearer secret',
    Cookie: 'a=b',
    Range: 'bytes= ,0-1',
    'If-None-Match': '"a", "b"',
    'X-Amz-Acl': 'public-read',
  };
  expect((await gateway.request('/key', { headers })).status).toBe(404);
  const { 'If-None-Match': _, ...others } = headers;
  expect((await gateway.request('/key', { headers: others })).status).toBe(404);
  // With several tags the metadata are read first.
  expect(origin.asked.map(({ method, headers: { range } }) => [method, range])).toEqual([
    ['HEAD', undefined],
    ['GET', 'bytes=0-1'],
  ]);
  for (const asked of origin.asked) {
    const { pathname, searchParams } = new URL(asked.url ?? '', origin.endpoint);
    expect(pathname).toBe('/bucket/below/key');
    expect([...searchParams.keys()].every((name) => name.startsWith('X-Amz-'))).toBe(true);
    for (const name of ['authorization', 'cookie', 'if-none-match', 'x-amz-acl'])
      expect(asked.headers[name]).toBeUndefined();
  }
});

test('an empty key is missing without a request, because S3 would list the bucket', async () => {
  using origin = await scriptedServer((_req, res) => res.writeHead(200, { 'Content-Length': 3 }).end('xml'));
  for (const prefix of ['', 'below/']) {
    const { gateway } = gatewayOver({ endpoint: origin.endpoint }, { prefix });
    expect((await gateway.request('/')).status).toBe(404);
  }
  expect(origin.asked).toHaveLength(0);
});
