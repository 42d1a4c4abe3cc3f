import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fetchTransport } from '../../../../src/store/drivers/s3/fetch-transport.ts';
import { scriptedServer } from '../../../s3/scripted-server.ts';

const CODED = gzipSync('text');

test('the request has the address and the header fields unchanged', async () => {
  using server = await scriptedServer((_, res) => void res.writeHead(204).end());
  const url = `${server.endpoint}//b/%2Ea%2B+~!'()/%E4?a=%2F&b=+`;
  await fetchTransport()({ method: 'GET', url, fields: { 'accept-encoding': 'gzip, *', range: 'bytes=0-1' } });
  expect(server.asked[0]?.url).toBe(url.slice(server.endpoint.length));
  // fetch adds Accept-Encoding: identity to a request with Range.
  expect(server.asked[0]?.headers).toMatchObject({ 'accept-encoding': 'gzip, *, identity', range: 'bytes=0-1' });
});

test('a redirect is returned, not followed', async () => {
  using server = await scriptedServer((_, res) => void res.writeHead(307, { Location: '/elsewhere' }).end());
  const answer = await fetchTransport()({ method: 'GET', url: `${server.endpoint}/a`, fields: {} });
  expect([answer.status, answer.fields['location'], server.asked.length]).toEqual([307, '/elsewhere', 1]);
});

test('a body that Node’s fetch would decode is refused and its connection released; a HEAD response is accepted', async () => {
  let closed = 0;
  using server = await scriptedServer((req, res) => {
    res.on('close', () => closed++);
    res.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': CODED.length + 100_000 });
    if (req.method === 'HEAD') res.end();
    else res.write(CODED);
  });
  const send = fetchTransport();
  await expect(send({ method: 'GET', url: server.endpoint, fields: {} })).rejects.toThrow(
    'fetch decodes an object that is stored with Content-Encoding: gzip; give s3Store another transport',
  );
  await expect.poll(() => closed).toBe(1);
  const { status, body } = await send({ method: 'HEAD', url: server.endpoint, fields: {} });
  expect([status, body]).toEqual([200, undefined]);
});

test('a late response head is a TimeoutError; the body has no timeout', async () => {
  using server = await scriptedServer((req, res) => {
    if (req.url === '/never') return;
    res.writeHead(200, { 'Content-Length': 3 }).write('a');
    setTimeout(() => res.end('bc'), 1_200);
  });
  const never = fetchTransport({ timeout: 100 })({ method: 'GET', url: `${server.endpoint}/never`, fields: {} });
  await expect(never).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  const send = fetchTransport({ timeout: 1_000 });
  const { body } = await send({ method: 'GET', url: `${server.endpoint}/slow`, fields: {} });
  expect(await new Response(body).text()).toBe('abc');
});

test('an aborted signal rejects with its reason before the head, and fails the body after it', async () => {
  using server = await scriptedServer((req, res) => {
    if (req.url === '/never') return;
    res.writeHead(200, { 'Content-Length': 3 }).write('a');
  });
  const reason = new Error('left');
  const early = new AbortController();
  const never = fetchTransport()({ method: 'GET', url: `${server.endpoint}/never`, fields: {}, signal: early.signal });
  early.abort(reason);
  await expect(never).rejects.toBe(reason);
  const late = new AbortController();
  const url = `${server.endpoint}/slow`;
  const { body } = await fetchTransport()({ method: 'GET', url, fields: {}, signal: late.signal });
  late.abort(reason);
  await expect(new Response(body).text()).rejects.toThrow();
});
