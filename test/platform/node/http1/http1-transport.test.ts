import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { setDefaultCACertificates } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { defaultReader, isReusable } from '../../../../src/store/chunk-stream.ts';
import type { TransportResponse } from '../../../../src/store/drivers/s3/transport.ts';
import { certificate, connectionReusable, open, read, stopLater, until } from './open-transport.ts';
import { startStorage, whole, type Answer } from './socket-server.ts';

describe('requests on the wire', () => {
  test('have the given method, target and fields, and reuse one connection', async () => {
    const { storage, transport, ask, get } = await open((socket, n) =>
      socket.write(whole(`body ${n}`, 'ETag: "x"\r\n')),
    );
    const response = await ask({ path: "/a/../b//%2e?versionId=a%20b'", fields: { range: 'bytes=0-1' } });
    expect(response).toMatchObject({ status: 200, fields: { etag: '"x"', 'content-length': '6' } });
    expect(await read(response.body)).toBe('body 1');
    await connectionReusable();
    const host = `127.0.0.1:${storage.port}`;
    expect(storage.heads[0]).toBe(`GET /a/../b//%2e?versionId=a%20b' HTTP/1.1\r\nhost: ${host}\r\nrange: bytes=0-1`);
    expect(await get()).toBe('body 2');
    expect(storage.heads[1]).toBe(`GET /key HTTP/1.1\r\nhost: ${host}`);
    expect(storage.sockets).toHaveLength(1);
    expect(transport.inUse()).toBe(0);
  });

  test('with line breaks in a field are refused before any byte is sent', async () => {
    const { storage, ask } = await open((socket) => socket.write(whole('')));
    for (const value of ['bytes=0-1\r\nx: y', '\n', '\0', 'ü†'])
      await expect(ask({ fields: { range: value } })).rejects.toThrow(TypeError);
    await expect(ask({ fields: { 'x: y\r\nz': '' } })).rejects.toThrow(TypeError);
    for (const path of ['/a b', '/a\r\nx: y', '/a\0', '/ü']) await expect(ask({ path })).rejects.toThrow(TypeError);
    expect(storage.heads).toEqual([]);
  });

  test.skipIf(!hasIpv6())('reach an IPv6 address, with brackets in Host', async () => {
    const storage = await startStorage((socket) => socket.write(whole('x')), undefined, '::1');
    stopLater(storage.stop);
    const { get } = await open(() => undefined);
    expect(await get({ host: '[::1]', port: storage.port })).toBe('x');
    expect(storage.heads).toEqual([`GET /key HTTP/1.1\r\nhost: [::1]:${storage.port}`]);
  });

  test('accept responses to HEAD, chunked ones, interim ones, and those without a length', async () => {
    const { storage, ask, get } = await open((socket, n) => {
      if (n === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
      if (n === 2)
        socket.write(
          'HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
        );
      if (n === 3) socket.end('HTTP/1.0 200 OK\r\n\r\nto the end');
    });
    expect((await ask({ method: 'HEAD' })).body).toBeUndefined();
    await connectionReusable();
    expect(await get()).toBe('abc');
    expect(await get()).toBe('to the end');
    expect(storage.sockets).toHaveLength(1);
  });

  test('are sent again, once, if the storage closes the idle connection at that moment', async () => {
    const { storage, get } = await open((socket, n, ofSocket) => {
      if (ofSocket === 2 || n > 3) socket.destroy();
      else socket.write(whole(`${n}`));
    });
    expect(await get()).toBe('1');
    expect(await get()).toBe('3');
    expect(storage.sockets).toHaveLength(2);
    await expect(get()).rejects.toThrow();
    expect(storage.heads).toHaveLength(5);
  });

  test('are not sent again after a response has begun, or on a new connection', async () => {
    const { storage, get } = await open((socket, n) => {
      if (n === 1) socket.write(whole('1'));
      else socket.end('HTTP/1.1 2');
    });
    expect(await get()).toBe('1');
    await expect(get()).rejects.toThrow();
    expect(storage.heads).toHaveLength(2);
    await expect(get()).rejects.toThrow();
    expect(storage.heads).toHaveLength(3);
  });

  test('fail in the body if it is interrupted', async () => {
    const { get } = await open((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    await expect(get()).rejects.toThrow();
  });

  test('fail with the reason of their signal or cancellation', async () => {
    const { storage, transport, ask } = await open((socket, n) => {
      if (n === 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    });
    const given = new AbortController();
    const asked = ask({ signal: given.signal });
    await until(() => storage.heads.length === 1);
    given.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    await expect(ask({ signal: given.signal })).rejects.toMatchObject({ name: 'AbortError' });
    const later = new AbortController();
    const { body } = await ask({ signal: later.signal });
    later.abort();
    await expect(read(body)).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => transport.inUse() === 0);
  });

  test('fail with the same reason as their signal, even if it is not an Error', async () => {
    const { storage, ask } = await open((socket, n) => {
      if (n === 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    });
    const reason = { left: true };
    const given = new AbortController();
    const asked = ask({ signal: given.signal });
    await until(() => storage.heads.length === 1);
    given.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await expect(ask({ signal: given.signal })).rejects.toBe(reason);
    const later = new AbortController();
    const reader = bodyOf(await ask({ signal: later.signal })).getReader();
    // Bytes that have arrived are delivered first.
    await reader.read();
    later.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
  });

  test('without a response or a connection fail by timeout', async () => {
    const { get, transport } = await open(() => undefined, { requestTimeout: 100 });
    await expect(get()).rejects.toThrow('no answer after 100 ms');
    await until(() => transport.inUse() === 0);
    await expect(get({ port: 9 })).rejects.toThrow('ECONNREFUSED');
  });

  test('with an unread body apply back-pressure to the storage, and release their connection when cancelled', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    const { storage, transport, ask } = await open((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      const chunk = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (written < size && !socket.destroyed) {
          written += chunk.length;
          if (!socket.write(chunk)) return void socket.once('drain', more);
        }
      };
      more();
    });
    const { body } = await ask();
    await sleep(300);
    expect(written).toBeLessThan(size / 2);
    expect(transport.inUse()).toBe(1);
    await body?.cancel();
    await until(() => transport.inUse() === 0 && storage.sockets.every((socket) => socket.destroyed));
  });

  test('wait for a connection if maxSockets are in use', async () => {
    const { storage, get } = await open((socket, n) => setTimeout(() => socket.write(whole(`${n}`)), 20), {
      maxSockets: 2,
    });
    const bodies = await Promise.all(Array.from({ length: 6 }, () => get()));
    expect(bodies.toSorted()).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(storage.sockets).toHaveLength(2);
  });

  test('leave no more than 64 connections idle, and none of them for longer than 30 s', async () => {
    const { storage, get } = await open((socket) => setTimeout(() => socket.write(whole('x')), 50), {
      maxSockets: 100,
    });
    await Promise.all(Array.from({ length: 70 }, () => get()));
    const alive = () => storage.sockets.filter((socket) => !socket.destroyed).length;
    await until(() => alive() === 64);
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    vi.advanceTimersByTime(29_000);
    await get();
    expect(storage.sockets).toHaveLength(70);
    vi.advanceTimersByTime(30_000);
    await get();
    expect(storage.sockets).toHaveLength(71);
    await until(() => alive() === 1);
  });

  test('fail with the reason of their signal while they wait for a connection', async () => {
    const { get, ask, transport } = await open(
      (socket, n) => n === 1 && setTimeout(() => socket.write(whole('1')), 100),
      { maxSockets: 1 },
    );
    const first = get();
    await expect(ask({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await first).toBe('1');
    expect(transport.inUse()).toBe(0);
  });

  test.for([
    'HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab',
    'SSH-2.0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(99_999)}`,
  ])('with an invalid response fail: %j', async (answer) => {
    const { get, transport } = await open((socket) => socket.write(answer));
    await expect(get()).rejects.toThrow('no HTTP/1.1');
    await until(() => transport.inUse() === 0);
  });

  test('do not take bytes that arrived before them as their response', async () => {
    const { storage, get } = await open((socket, n) =>
      socket.write(Buffer.concat([whole(`${n}`), n === 1 ? whole('smuggled') : Buffer.alloc(0)])),
    );
    expect(await get()).toBe('1');
    expect(await get()).toBe('2');
    expect(storage.sockets).toHaveLength(2);
  });
});

describe('bodies in reusable memory', () => {
  const bytes = Buffer.alloc(3_000_000, 'The bytes of a body, which are not all the same. ');
  const digest = (body: Buffer) => createHash('sha256').update(body).digest('hex');

  test('are in reusable memory except their last chunk, which stays valid during the next response', async () => {
    const other = Buffer.alloc(bytes.length, 'x');
    const { storage, ask } = await open((socket, n) => socket.write(whole(n === 1 ? bytes : other)));
    const first = defaultReader(bodyOf(await ask()));
    const chunks: Buffer[] = [];
    let last: Uint8Array | undefined;
    let lent = 0;
    for (let chunk = await first.read(Infinity); chunk !== undefined; chunk = await first.read(Infinity)) {
      chunks.push(Buffer.from(chunk));
      if (isReusable(chunk)) lent++;
      last = chunk;
    }
    expect(digest(Buffer.concat(chunks))).toBe(digest(bytes));
    expect(lent).toBe(chunks.length - 1);
    await connectionReusable();
    expect(digest(Buffer.from(await new Response((await ask()).body ?? null).arrayBuffer()))).toBe(digest(other));
    expect(storage.sockets).toHaveLength(1);
    expect(Buffer.from(last ?? []).equals(chunks.at(-1) ?? Buffer.alloc(0))).toBe(true);
  });

  test('are exact as streams, with slow reads, in chunks of any size, and over TLS', async () => {
    const secure = certificate('localhost');
    setDefaultCACertificates([secure.cert]);
    const answer: Answer = (socket, n) => {
      if (n % 2 === 1) return void socket.write(whole(bytes));
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < bytes.length;) {
        const chunk = bytes.subarray(at, at + 1 + ((at * 7) % 90_000));
        at += chunk.length;
        socket.write(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
      }
      socket.write('0\r\n\r\n');
    };
    for (const tls of [undefined, secure]) {
      const { storage, ask } = await open(answer, {}, tls);
      for (let i = 0; i < 4; i++) {
        const chunks: Uint8Array[] = [];
        // Read as a web stream, keeping all chunks; with pauses, during which more bytes arrive than are read.
        for await (const chunk of bodyOf(await ask({ host: 'localhost' }))) {
          chunks.push(chunk);
          if (chunks.length % 8 === i) await sleep(1);
        }
        expect(digest(Buffer.concat(chunks))).toBe(digest(bytes));
        await connectionReusable();
      }
      expect(storage.sockets).toHaveLength(1);
    }
  });
});

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === '::1'));
}

function bodyOf({ body }: TransportResponse): ReadableStream<Uint8Array> {
  if (body === undefined) throw new Error('there is no body');
  return body;
}
