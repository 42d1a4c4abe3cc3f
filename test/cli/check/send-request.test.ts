import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { checkClient } from '../../../src/cli/check/send-request.ts';
import { responseOf, type CheckRequest } from '../../../src/cli/check/exchange.ts';
import { serveHttp, serveTcp, stopServers } from '../loopback.ts';

afterAll(stopServers);

const GET: CheckRequest = { method: 'GET', fields: { Range: 'bytes=0-0' }, read: 10 };

async function send(
  address: URL,
  request: CheckRequest = GET,
  options: { total?: number; fields?: Record<string, string> } = {},
) {
  const client = checkClient({ fields: options.fields ?? {}, timeout: 5_000, total: options.total ?? 30_000 });
  const exchange = await client.send(address, request);
  client.close();
  return exchange;
}

test('a body of 100 GB is read no further than needed, and the server sees the end of the connection', async () => {
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  const url = await serveHttp((_, response) => {
    response.writeHead(200, { 'Content-Length': 100e9 });
    const chunk = Buffer.alloc(64 * 1024);
    const write = () => {
      while (!response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', write);
      }
    };
    response.once('close', () => closed.resolve());
    write();
  });
  const response = responseOf((await send(url)).result.type === 'failed' ? undefined : await send(url));
  expect([response?.status, response?.body.length, response?.end]).toEqual([200, 10, 'stopped']);
  await closed.promise;
  // What fits into the buffers of two connections.
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test('a body that stalls, and one that is cut, are broken', async () => {
  const stalls = await serveHttp(
    (_, response) => void response.writeHead(200, { 'Content-Length': 100 }).write('12345'),
  );
  const client = checkClient({ fields: {}, timeout: 2_000, total: 30_000 });
  expect(responseOf(await client.send(stalls, GET))).toMatchObject({ end: 'broken' });
  client.close();
  const cuts = await serveHttp((_, response) => {
    response.writeHead(200, { 'Content-Length': 100 }).write('12345', () => response.destroy());
  });
  expect(responseOf(await send(cuts))).toMatchObject({ end: 'broken' });
});

test('contents and fields are as sent: nothing is decoded, and lines of a field are a list', async () => {
  const url = await serveHttp((_, response) => {
    response.writeHead(
      200,
      [
        ['Content-Encoding', 'gzip'],
        ['Cache-Status', 'Origin; fwd=miss'],
        ['cache-status', 'Edge; hit'],
      ].flat(),
    );
    response.end('not gzip');
  });
  const response = responseOf(await send(url));
  expect(Buffer.from(response?.body ?? []).toString()).toBe('not gzip');
  expect(response?.fields.get('cache-status')).toBe('Origin; fwd=miss, Edge; hit');
});

describe('redirects', () => {
  test('are followed with all fields of the request, and without those of the user at another origin', async () => {
    const seen: IncomingMessage[] = [];
    const target = await serveHttp((request, response) => {
      seen.push(request);
      response.end('x');
    });
    const url = await serveHttp((request, response) => {
      seen.push(request);
      response.writeHead(302, { Location: request.url === '/' ? '/second' : `${target.href}?signed=1` }).end();
    });
    const exchange = await send(url, GET, { fields: { authorization: 'Bearer secret' } });
    expect(exchange.redirects.map(({ status, to }) => [status, to.href])).toEqual([
      [302, `${url.href}second`],
      [302, `${target.href}?signed=1`],
    ]);
    expect(seen.map(({ headers }) => [headers.range, headers.authorization])).toEqual([
      ['bytes=0-0', 'Bearer secret'],
      ['bytes=0-0', 'Bearer secret'],
      ['bytes=0-0', undefined],
    ]);
  });

  test('are not followed for a preflight, as in browsers', async () => {
    const url = await serveHttp((_, response) => void response.writeHead(301, { Location: '/x' }).end());
    const exchange = await send(url, { ...GET, method: 'OPTIONS' });
    expect([exchange.redirects, responseOf(exchange)?.status]).toEqual([[], 301]);
  });

  test.for([
    ['/loop', /more than 10 redirects/],
    ['ftp://127.0.0.1/x', /no http:\/\/ or https:\/\//],
    ['http://', /no http:\/\/ or https:\/\//],
    ['file:///etc/passwd', /no http:\/\/ or https:\/\//],
  ] as const)('to %s', async ([location, reason]) => {
    const url = await serveHttp((_, response) => void response.writeHead(307, { Location: location }).end());
    expect((await send(url)).result).toEqual({ type: 'failed', reason: expect.stringMatching(reason) });
  });
});

test('a head without end, and one that is too long', async () => {
  const url = await serveHttp((_, response) => void response.writeHead(200, { 'X-Long': 'x'.repeat(20_000) }).end());
  expect((await send(url)).result).toMatchObject({ reason: expect.stringMatching(/longer than 16 KiB/) });
  const endless = await serveTcp((socket) => void socket.write('HTTP/1.1 200 OK\r\n'));
  const client = checkClient({ fields: {}, timeout: 300, total: 30_000 });
  const exchange = await client.send(endless, GET);
  expect(exchange.result).toEqual({ type: 'failed', reason: 'there was no response within 0.3 seconds' });
  client.close();
});

test('after the time of all requests none is sent', async () => {
  let requests = 0;
  const url = await serveHttp((_, response) => {
    requests++;
    response.end();
  });
  const client = checkClient({ fields: {}, timeout: 5_000, total: 1 });
  await expect
    .poll(() => client.send(url, GET))
    .toMatchObject({ result: { type: 'failed', reason: expect.stringMatching(/it was not sent/) } });
  const before = requests;
  await client.send(url, GET);
  expect(requests).toBe(before);
  client.close();
});

test('a kept connection that the server closes instead of a second response is no failure', async () => {
  const answered = new Set<Socket>();
  const url = await serveHttp((request, response) => {
    if (answered.has(request.socket)) return void request.socket.destroy();
    answered.add(request.socket);
    response.end('x');
  });
  const client = checkClient({ fields: {}, timeout: 5_000, total: 30_000 });
  await client.send(url, GET);
  expect(responseOf(await client.send(url, GET))?.status).toBe(200);
  expect(answered.size).toBe(2);
  client.close();
});
