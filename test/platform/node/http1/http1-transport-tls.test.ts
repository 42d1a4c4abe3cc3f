import { createServer } from 'node:net';
import { setDefaultCACertificates, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultReader } from '../../../../src/store/chunk-stream.ts';
import { startRelay } from './relay.ts';
import { certificate, open, stopLater, until, type CertificateName } from './open-transport.ts';
import { startStorage, whole } from './socket-server.ts';

afterEach(() => setDefaultCACertificates([]));

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** A server with this certificate, which the client trusts. */
function openTrusted(
  name: CertificateName,
  answer: Parameters<typeof open>[0],
  maxVersion: (typeof VERSIONS)[number] = 'TLSv1.3',
) {
  const secure = { ...certificate(name), maxVersion };
  setDefaultCACertificates([secure.cert]);
  return open(answer, {}, secure);
}

describe.for(VERSIONS)('%s: a certificate', (version) => {
  test.for([
    ['localhost', 'localhost'],
    ['address', '127.0.0.1'],
  ] as const)('that is trusted and of this host is taken: %s for %s', async ([name, host]) => {
    const { get } = await openTrusted(name, (socket) => socket.write(whole('x')), version);
    expect(await get({ host })).toBe('x');
  });

  test('that is not trusted is refused each time, before a request is sent', async () => {
    const secure = { ...certificate('localhost'), maxVersion: version };
    const { storage, get, transport } = await open((socket) => socket.write(whole('x')), {}, secure);
    for (let i = 0; i < 3; i++)
      await expect(get({ host: 'localhost' })).rejects.toMatchObject({
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        message: expect.stringContaining('self-signed certificate'),
      });
    expect(storage.heads).toEqual([]);
    await until(() => transport.inUse() === 0);
  });

  test.for([
    ['localhost', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['address', 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    // A DNS name that looks like the address does not match it (RFC 9110 §4.3.5).
    ['named-address', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['other-host', 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['other-host', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['expired', 'localhost', 'CERT_HAS_EXPIRED'],
  ] as const)('that is trusted and of another host, or expired, is refused each time: %s for %s', async (row) => {
    const [name, host, code] = row;
    const { storage, get } = await openTrusted(name, (socket) => socket.write(whole('x')), version);
    // A second connection could resume the session of the first, which skips the check of the name.
    for (let i = 0; i < 3; i++) await expect(get({ host })).rejects.toMatchObject({ code });
    expect(storage.heads).toEqual([]);
  });
});

test('a server that does not finish the handshake causes a timeout', async () => {
  const { port, stop } = await startStorage(() => undefined);
  stopLater(stop);
  const { get, transport } = await open(() => undefined, { connectTimeout: 100 }, certificate('localhost'));
  await expect(get({ port })).rejects.toMatchObject({ name: 'TimeoutError', message: 'no connection after 100 ms' });
  await until(() => transport.inUse() === 0);
});

test('a server without TLS fails the request with its own error code', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopLater(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { get } = await open(() => undefined, {}, certificate('localhost'));
  await expect(get({ port })).rejects.toThrow(/EPROTO.*wrong version number/);
});

test.for(VERSIONS)('the next connection resumes the TLS session: %s', async (version) => {
  const reused: unknown[] = [];
  const { get } = await openTrusted(
    'localhost',
    (socket, n) => {
      reused.push(socket instanceof TLSSocket && socket.isSessionReused());
      socket.write(whole(`${n}`, 'Connection: close\r\n'));
    },
    version,
  );
  for (const n of [1, 2, 3]) expect(await get({ host: 'localhost' })).toBe(`${n}`);
  expect(reused).toEqual([false, true, true]);
});

describe('a body fails if its connection is closed in the middle', () => {
  const HEADS = {
    'with a length': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n',
    'without a length': 'HTTP/1.1 200 OK\r\n\r\n',
  };
  const CASES = VERSIONS.flatMap((version) =>
    Object.entries(HEADS).flatMap(([body, head]) =>
      (['close_notify', 'FIN alone', 'RST'] as const).map((end) => ({ version, body, head, end })),
    ),
  );

  test.for(CASES)('$body, $version, by $end', async ({ version, head, end }) => {
    const { storage, ask, transport } = await openTrusted(
      'localhost',
      (socket) => socket.write(`${head}abcde`),
      version,
    );
    const relay = await startRelay(storage.port);
    stopLater(relay.stop);
    const { body } = await ask({ host: 'localhost', port: relay.port });
    if (body === undefined) throw new Error('there is no body');
    const reader = defaultReader(body);
    expect(Buffer.from((await reader.read(Infinity)) ?? []).toString()).toBe('abcde');
    switch (end) {
      case 'close_notify':
        storage.sockets[0]?.end();
        break;
      case 'FIN alone':
        relay.cut();
        break;
      case 'RST':
        relay.reset();
    }
    await expect(reader.read(Infinity)).rejects.toThrow(Error);
    await until(() => transport.inUse() === 0);
  });
});
