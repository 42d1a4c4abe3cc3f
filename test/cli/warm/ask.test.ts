import type { RequestListener } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { semaphore } from '../../../src/base/semaphore.ts';
import { ask, type WarmRequest } from '../../../src/cli/warm/ask.ts';
import { freeUrl, serveHttp, stopServers } from '../loopback.ts';

afterAll(stopServers);

/** Limits whose pauses are recorded instead of waited for. */
function recordingOptions({ concurrency = 8, stopAfter = Infinity } = {}) {
  const seen = { pauses: [] as number[], sleeps: [] as number[], responses: 0, bytes: 0, unreachable: 0, taken: 0 };
  return {
    seen,
    options: {
      fields: { 'x-token': 'abc' },
      rate: { take: async () => void seen.taken++, pause: (time: number) => void seen.pauses.push(time) },
      inFlight: semaphore(concurrency),
      sleep: async (time: number) => void seen.sleeps.push(time),
      isStopped: () => seen.unreachable >= stopAfter,
      onUnreachable: () => void seen.unreachable++,
      onResponse: () => void seen.responses++,
      onBytes: (count: number) => void (seen.bytes += count),
    },
  };
}

/** Answers with each of the heads, and with the last one from then on. */
function answers(...heads: readonly (readonly [status: number, fields?: Record<string, string>])[]): RequestListener {
  let count = 0;
  return (_, response) => {
    const [status, fields = {}] = heads[Math.min(count++, heads.length - 1)] ?? [500];
    response.writeHead(status, fields).end(status === 206 ? 'x' : '');
  };
}

const PARTIAL = [206, { 'Content-Range': 'bytes 0-0/100' }] as const;
const FIRST = (address: URL): WarmRequest => ({ address, offset: 0 });

describe('responses', () => {
  test.for([
    [[PARTIAL], { type: 'read', isPartial: true, size: 100, isStored: true }],
    [[[206, { 'Cache-Status': 'Rangeway; fwd=miss; ttl=30' }]], { type: 'read', isPartial: true, isStored: false }],
    [[[206, { 'Cache-Status': 'Rangeway; fwd=miss; stored' }]], { type: 'read', isPartial: true, isStored: true }],
    [[[206, { 'Cache-Status': 'Rangeway; hit' }]], { type: 'read', isPartial: true, isStored: true }],
    [[[206, { 'Cache-Status': 'Rangeway; fwd=bypass' }]], { type: 'read', isPartial: true, isStored: true }],
    [[[200, { 'Content-Length': '0' }]], { type: 'read', isPartial: false, size: 0 }],
    [[[416, { 'Content-Range': 'bytes */0' }]], { type: 'read', size: 0 }],
    [[[404]], { type: 'failed', reason: 'there is no such object (404)' }],
    [[[401]], { type: 'failed', reason: 'it asks for credentials (401); --header sends them' }],
    [[[403]], { type: 'failed', reason: 'access is refused (403)' }],
    [[[418]], { type: 'failed', reason: 'the server says 418' }],
    [[[503], [429], [500], PARTIAL], { type: 'read', size: 100 }],
    [[[502]], { type: 'failed', reason: 'the server says 502' }],
  ] as const)('%o', async ([heads, result]) => {
    const { options } = recordingOptions();
    expect(await ask(FIRST(await serveHttp(answers(...heads))), options)).toMatchObject(result);
  });

  test('the field of the user and the range are sent, and no coding is accepted', async () => {
    const { options } = recordingOptions();
    let headers: unknown;
    const url = await serveHttp((request, response) => {
      ({ headers } = request);
      answers(PARTIAL)(request, response);
    });
    await ask({ address: url, offset: 65_536 }, options);
    expect(headers).toMatchObject({ 'x-token': 'abc', range: 'bytes=65536-65536', 'accept-encoding': 'identity' });
  });
});

describe('a failure that may pass', () => {
  test('is tried again after pauses that double, four times at the most; each try takes a token', async () => {
    const { options, seen } = recordingOptions();
    await ask(FIRST(await serveHttp(answers([503]))), options);
    expect(seen).toMatchObject({ sleeps: [500, 1000, 2000], pauses: [], taken: 4, responses: 4 });
  });

  test('with Retry-After, as seconds or as a date, pauses all requests', async () => {
    const { options, seen } = recordingOptions();
    const date = new Date(Date.now() + 60_000).toUTCString();
    await ask(
      FIRST(await serveHttp(answers([503, { 'Retry-After': '7' }], [429, { 'Retry-After': date }], PARTIAL))),
      options,
    );
    expect(seen.sleeps).toEqual([]);
    expect(seen.pauses[0]).toBe(7_000);
    expect(seen.pauses[1]).toBeGreaterThan(50_000);
    expect(seen.pauses[1]).toBeLessThanOrEqual(60_000);
  });

  test('with a Retry-After of more than two minutes is none', async () => {
    const { options, seen } = recordingOptions();
    expect(await ask(FIRST(await serveHttp(answers([503, { 'Retry-After': '3600' }]))), options)).toEqual({
      type: 'failed',
      reason: 'the server says 503, and to ask again in 3600 s',
    });
    expect(seen.pauses).toEqual([]);
  });

  test('may be a connection: one that ends before the head, or before the end', async () => {
    const { options, seen } = recordingOptions();
    let count = 0;
    const url = await serveHttp((_, response) => {
      count++;
      if (count === 1) return void response.destroy();
      response.writeHead(200, { 'Content-Length': 10 });
      if (count === 2) return void response.write('x', () => response.destroy());
      response.end('0123456789');
    });
    expect(await ask({ address: url, offset: undefined }, options)).toMatchObject({ type: 'read', size: 10 });
    expect(seen).toMatchObject({ unreachable: 1, responses: 2, bytes: 11 });
  });

  test('nothing listens', async () => {
    const { options, seen } = recordingOptions();
    const url = await freeUrl();
    expect(await ask(FIRST(url), options)).toEqual({
      type: 'failed',
      reason: 'nothing listens there (connection refused)',
    });
    expect(seen).toMatchObject({ unreachable: 4, responses: 0 });
  });

  test('is not tried again when all is stopped', async () => {
    const { options, seen } = recordingOptions({ stopAfter: 2 });
    const url = await serveHttp((_, response) => void response.destroy());
    await ask(FIRST(url), options);
    expect(seen.unreachable).toBe(2);
  });
});

describe('redirects', () => {
  test('are followed with the range, each takes a token, and another origin gets no field of the user', async () => {
    const { options, seen } = recordingOptions();
    const got: unknown[] = [];
    const target = await serveHttp((request, response) => {
      got.push([request.headers.range, request.headers['x-token']]);
      answers(PARTIAL)(request, response);
    });
    const url = await serveHttp((request, response) => {
      got.push([request.headers.range, request.headers['x-token']]);
      response.writeHead(307, { Location: target.href }).end();
    });
    expect(await ask(FIRST(url), options)).toMatchObject({ type: 'read', size: 100 });
    expect(got).toEqual([
      ['bytes=0-0', 'abc'],
      ['bytes=0-0', undefined],
    ]);
    expect(seen.taken).toBe(2);
  });

  test.for([
    ['/again', 'there are more than 10 redirects'],
    ['ftp://127.0.0.1/', 'the server says 302'],
    ['http://', 'the server says 302'],
  ] as const)('to %s', async ([location, reason]) => {
    const { options } = recordingOptions();
    const url = await serveHttp((_, response) => void response.writeHead(302, { Location: location }).end());
    expect(await ask(FIRST(url), options)).toEqual({ type: 'failed', reason });
  });
});

test('an error with an endless body is read no further than its first bytes', async () => {
  const { options, seen } = recordingOptions();
  const url = await serveHttp((_, response) => {
    response.writeHead(404);
    const write = () => {
      while (!response.destroyed)
        if (!response.write(Buffer.alloc(16 * 1024))) return void response.once('drain', write);
    };
    write();
  });
  expect(await ask({ address: url, offset: undefined }, options)).toMatchObject({ type: 'failed' });
  expect(seen.bytes).toBeLessThan(1024 * 1024);
});

test('a server that ignores Range is read no further than its first bytes', async () => {
  const { options, seen } = recordingOptions();
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  const url = await serveHttp((_, response) => {
    response.writeHead(200, { 'Content-Length': 100e9 });
    response.once('close', () => closed.resolve());
    const chunk = Buffer.alloc(64 * 1024);
    const write = () => {
      while (!response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', write);
      }
    };
    write();
  });
  expect(await ask(FIRST(url), options)).toMatchObject({ type: 'read', isPartial: false, size: 100e9 });
  await closed.promise;
  expect(seen.bytes).toBeLessThan(1024 * 1024);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test('never more than the bound are in flight', async () => {
  const { options } = recordingOptions({ concurrency: 3 });
  let open = 0;
  let most = 0;
  const held: (() => void)[] = [];
  const url = await serveHttp((request, response) => {
    most = Math.max(most, ++open);
    held.push(() => {
      open--;
      answers(PARTIAL)(request, response);
    });
    // Answered only when as many as are allowed wait, so that a request too many would be seen.
    if (held.length === 3) for (const release of held.splice(0)) release();
  });
  const results = await Promise.all(Array.from({ length: 12 }, () => ask(FIRST(url), options)));
  expect(results.every(({ type }) => type === 'read')).toBe(true);
  expect(most).toBe(3);
});
