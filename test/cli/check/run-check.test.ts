import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckName } from '../../../src/cli/check/checks.ts';
import type { CheckReport } from '../../../src/cli/check/report.ts';
import { runCheck } from '../../../src/cli/check/run-check.ts';
import { checkClient } from '../../../src/cli/check/send-request.ts';
import { freeUrl, serveHttp, serveTcp, stopServers } from '../loopback.ts';
import { startBadServer, type BadServer, type Faults } from './bad-server.ts';

const CERTIFICATES = join(import.meta.dirname, '../../platform/node/http1/certificates');

const servers: BadServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await stopServers();
});

async function checkUrl(url: string, timeout = 10_000): Promise<CheckReport> {
  const client = checkClient({ fields: {}, timeout, total: 6 * timeout });
  const report = await runCheck(client, new URL(url), 'https://page.example');
  client.close();
  return report;
}

async function checkFaults(faults: Faults, object?: Buffer) {
  const server = await startBadServer(faults, object);
  servers.push(server);
  const report = await checkUrl(server.url);
  if (report.type === 'failed') throw new Error(report.reason);
  const named = new Map(report.findings.map((one) => [one.name, one]));
  return { report, server, of: (name: CheckName) => `${named.get(name)?.level} ${named.get(name)?.seen}` };
}

test('a server without faults can be resumed safely, by every client that names its version', async () => {
  const { report, of, server } = await checkFaults({});
  expect(report.conclusion).toMatchObject({
    isResumable: true,
    clients: { ifRange: true, ifMatch: true, date: true },
    sentence: expect.stringMatching(/^Yes, safely, by clients that send If-Range .* curl -C -, wget -c and aria2 /),
  });
  expect(report.findings.filter(({ level }) => level === 'fault')).toEqual([]);
  expect(of('several-ranges')).toBe('ok 206 multipart/byteranges with both');
  expect(report.requests).toBe(server.requests.length);
  expect(server.requests.length).toBeLessThan(25);
});

/** Faults, and the verdict that names each of them; whether a download can be resumed safely all the same. */
const cases: readonly (readonly [Faults, CheckName, string, 'safe' | 'unsafe'])[] = [
  [{ noRanges: true }, 'range', 'fault 200: Range is ignored', 'unsafe'],
  [{ splices: true }, 'if-range-old', 'fault 206', 'unsafe'],
  [{ splices: true }, 'if-range-date', 'fault an old date: 206', 'unsafe'],
  [{ splices: 'resumed' }, 'if-range-old', 'fault 206', 'unsafe'],
  [{ neverContinues: true }, 'if-range', 'fault 200', 'unsafe'],
  [{ tag: 'weak' }, 'entity-tag', 'fault weak, W/"v1"', 'unsafe'],
  [{ tag: 'none' }, 'entity-tag', 'fault no ETag, only Last-Modified', 'unsafe'],
  [{ tag: 'none', noDate: true }, 'entity-tag', 'fault neither ETag nor Last-Modified', 'unsafe'],
  [{ tag: 'malformed' }, 'entity-tag', 'fault malformed, v1', 'unsafe'],
  [{ tag: 'changing' }, 'same-version', 'fault', 'unsafe'],
  [{ gzip: 'same-tag' }, 'compression', 'fault gzip with the same strong tag', 'unsafe'],
  [{ gzip: 'weak-tag' }, 'compression', 'warning gzip without a strong tag', 'safe'],
  [{ gzip: 'own-tag' }, 'compression', 'warning gzip with a tag of its own', 'safe'],
  [{ alwaysGzip: true }, 'compression', 'fault gzip, although it was not asked for', 'unsafe'],
  [{ wrongBytes: true }, 'range', 'fault 206 with Content-Range bytes 1-8/100000, and other bytes', 'unsafe'],
  [{ noContentRange: true }, 'range', 'fault 206 without Content-Range', 'unsafe'],
  [{ short: true }, 'open-range', 'fault 206, but only 1000 of 99999 bytes', 'unsafe'],
  [{ chunked: true }, 'length', 'warning no Content-Length; 100000 bytes by Content-Range', 'safe'],
  [{ headLength: 5 }, 'head', 'fault another Content-Length than GET', 'safe'],
  [{ noSizeIn416: true }, 'range-beyond-end', 'warning 416 without the size', 'safe'],
  [{ refusesSeveral: true }, 'several-ranges', 'fault 400', 'safe'],
  [{ ignoresIfMatch: true }, 'if-match-old', 'warning 206', 'safe'],
  [{ ignoresIfNoneMatch: true }, 'if-none-match', 'warning 200', 'safe'],
  [{ fields: { Age: '12' } }, 'cache', 'ok a hit from the first request on, Age: 12', 'safe'],
  [
    { fields: { 'X-Cache': 'Miss from cloudfront' } },
    'cached-range',
    'warning no hit, X-Cache: Miss from cloudfront',
    'safe',
  ],
];

test.for(cases)('%o: %s', async ([faults, name, seen, safety]) => {
  const { report, of } = await checkFaults(faults);
  expect(of(name).slice(0, seen.length)).toBe(seen);
  expect(report.conclusion.isResumable).toBe(safety === 'safe');
});

test('a server that splices is safe by If-Match alone, or not at all', async () => {
  const { report } = await checkFaults({ splices: true });
  expect(report.conclusion.clients).toEqual({ ifRange: false, ifMatch: true, date: false });
  expect(report.conclusion.sentence).toMatch(
    /^Not safely: a stale If-Range .*; safe are only clients that send If-Match/,
  );
  const worse = await checkFaults({ splices: true, ignoresIfMatch: true });
  expect(worse.report.conclusion.sentence).toMatch(/; no client is safe\.$/);
});

test.for([0, 1, 2, 3])('an object of %d bytes', async (size) => {
  const { report, of } = await checkFaults({}, Buffer.alloc(size, 'x'));
  expect(report.conclusion.isResumable).toBe(size > 0);
  expect(report.findings.filter(({ level }) => level === 'fault')).toEqual([]);
  if (size === 0) expect(report.conclusion.sentence).toMatch(/empty/);
  else expect(of('range')).toMatch(/^ok/);
});

async function checkCertificate(
  name: 'localhost' | 'expired' | 'other-host',
  isTrusted: boolean,
): Promise<CheckReport> {
  const read = (file: string) => readFileSync(join(CERTIFICATES, file), 'utf8');
  const cert = read(`${name}.crt`);
  const { port } = await serveHttp((_, response) => void response.end('x'), { key: read('localhost.key'), cert });
  setDefaultCACertificates(isTrusted ? [cert] : []);
  try {
    return await checkUrl(`https://localhost:${port}/`);
  } finally {
    setDefaultCACertificates([]);
  }
}

test('a server over TLS is checked as others are', async () => {
  expect(await checkCertificate('localhost', true)).toMatchObject({ type: 'checked' });
});

describe('without an object there is one sentence', () => {
  test.for([
    [401, /asks for credentials/],
    [403, /refuses access/],
    [404, /no such object \(404\)/],
    [429, /try again later/],
    [500, /the server fails \(500\)/],
    [204, /answers 204 to a GET/],
    [206, /206 to a request without Range/],
    [302, /redirects \(302\) without an address/],
  ] as const)('%d', async ([status, message]) => {
    let requests = 0;
    const { href } = await serveHttp((_, response) => {
      requests++;
      response.writeHead(status).end();
    });
    expect(await checkUrl(href)).toEqual({ type: 'failed', reason: expect.stringMatching(message) });
    expect(requests).toBe(1);
  });

  test('a server that is none of HTTP', async () => {
    const { href } = await serveTcp((socket) => void socket.end('SSH-2.0-OpenSSH_9\r\n'));
    expect(await checkUrl(href)).toEqual({ type: 'failed', reason: expect.stringMatching(/is no HTTP/) });
  });

  test('a server that closes, one that says nothing, and none at all', async () => {
    const closing = await serveTcp((socket) => void socket.destroy());
    expect(await checkUrl(closing.href)).toMatchObject({ reason: expect.stringMatching(/closed the connection/) });
    const silent = await serveTcp(() => undefined);
    expect(await checkUrl(silent.href, 200)).toMatchObject({ reason: 'there was no response within 0.2 seconds' });
    const none = await freeUrl();
    expect(await checkUrl(none.href)).toMatchObject({ reason: 'nothing listens there (connection refused)' });
  });

  test.for([
    ['localhost', 'not trusted', /^TLS failed: the certificate is signed by itself/],
    ['expired', 'trusted', /^TLS failed: the certificate has expired/],
    ['other-host', 'trusted', /^TLS failed: the certificate is for another host/],
  ] as const)('the certificate %s, %s', async ([name, trust, reason]) => {
    expect(await checkCertificate(name, trust === 'trusted')).toEqual({
      type: 'failed',
      reason: expect.stringMatching(reason),
    });
  });

  test('https:// at a server without TLS', async () => {
    const { href } = await serveHttp((_, response) => void response.end());
    expect(await checkUrl(href.replace('http', 'https'))).toMatchObject({
      reason: expect.stringMatching(/^TLS failed: .*http:\/\//),
    });
  });
});
