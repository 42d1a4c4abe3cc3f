import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultReader } from '../../../../src/store/chunk-stream.ts';
import { longBytes } from '../../../faults/random.ts';
import { bufferPool, type SpareBuffers } from '../../../../src/platform/node/http1/buffer-pool.ts';
import { certificate, open, until } from './open-transport.ts';

afterEach(() => setDefaultCACertificates([]));

const SIZE = 24 * 1024 * 1024 + 1;
const BODY = Buffer.from(longBytes(SIZE));
const DOWNLOAD = { bufferSize: 512 * 1024, readAhead: 256 * 1024 };

/** Opens a body of {@link SIZE} bytes: with a length, or in chunks of an odd length. */
async function openBody(isSecure: boolean, options: Partial<typeof DOWNLOAD>, isChunked = false) {
  const secure = isSecure ? certificate('address') : undefined;
  setDefaultCACertificates(secure === undefined ? [] : [secure.cert]);
  const { storage, ask } = await open(
    (socket) => {
      if (!isChunked) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
        socket.write(BODY);
        return;
      }
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let at = 0; at < SIZE; at += 300_001) {
        const chunk = BODY.subarray(at, at + 300_001);
        socket.write(`${chunk.length.toString(16)}\r\n`);
        socket.write(chunk);
        socket.write('\r\n');
      }
      socket.write('0\r\n\r\n');
    },
    options,
    secure,
  );
  const { body } = await ask();
  if (body === undefined) throw new Error('no body');
  return { storage, reader: defaultReader(body) };
}

describe.for([
  ['plain', false],
  ['TLS', true],
] as const)('%s: a body that arrives faster than it is read', ([, isSecure]) => {
  test.for([
    ['of a gateway', {}, false],
    ['of a download', DOWNLOAD, false],
    ['of a download, in chunks', DOWNLOAD, true],
    ['of small buffers', { bufferSize: 64 * 1024, readAhead: 32 * 1024 }, true],
  ] as const)('%s is exact, and in three buffers', async ([, options, isChunked]) => {
    const { reader } = await openBody(isSecure, options, isChunked);
    const hash = createHash('sha256');
    const buffers = new Map<ArrayBufferLike, number>();
    for (;;) {
      const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
      if (chunk === undefined) break;
      // Meanwhile more bytes arrive, which must not overwrite these.
      await nextTurn();
      await nextTurn();
      hash.update(chunk);
      buffers.set(chunk.buffer, chunk.length);
    }
    expect(hash.digest('hex')).toBe(createHash('sha256').update(BODY).digest('hex'));
    // The last bytes are moved out of the buffers, since the next response reuses them: as copies if they are few.
    const { bufferSize } = { bufferSize: 128 * 1024, ...options };
    const copies = [...buffers.keys()].filter(({ byteLength }) => byteLength !== bufferSize);
    expect(buffers.size - copies.length).toBeLessThanOrEqual(3);
    expect(copies.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(bufferSize);
  });

  test('is read in few chunks if the connection reads ahead', async () => {
    const { reader } = await openBody(isSecure, DOWNLOAD);
    let count = 0;
    for (; (await reader.read(Number.MAX_SAFE_INTEGER)) !== undefined; count++)
      for (let i = 0; i < 30; i++) await nextTurn();
    // One TLS record has 16 KiB.
    expect(SIZE / count).toBeGreaterThan(100 * 1024);
  });

  test('is not received while it is not read, but for the bytes of the system and those read ahead', async () => {
    const { storage, reader } = await openBody(isSecure, DOWNLOAD);
    await reader.read(1);
    let before = -1;
    const sent = () =>
      storage.sockets.reduce((sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength, 0);
    await until(() => {
      const isSteady = sent() === before;
      before = sent();
      return isSteady;
    });
    expect(before).toBeLessThan(SIZE);
    await reader.cancel();
  });
});

describe('a connection that is closed', () => {
  test('gives its buffers to the next one, except those that are still read', () => {
    const spares: SpareBuffers = [];
    const pool = bufferPool(64 * 1024, spares);
    const first = pool.reserve();
    const held = pool.commit(first, first.length);
    const second = pool.reserve();
    pool.commit(second, 10).release();
    pool.close();
    expect(spares.map(({ buffer }) => buffer)).toEqual([second.buffer]);
    expect(bufferPool(64 * 1024, spares).reserve().buffer).toBe(second.buffer);
    expect(spares).toEqual([]);
    held.release();
  });

  test('leaves the bytes of other connections as they are', async () => {
    const { ask } = await open((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
      socket.write(BODY);
    });
    const openReader = async () => {
      const { body } = await ask();
      if (body === undefined) throw new Error('no body');
      return defaultReader(body);
    };
    const done = new AbortController();
    const leave = async () => {
      for (; !done.signal.aborted; await nextTurn()) {
        const reader = await openReader();
        const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
        const before = chunk?.slice();
        await reader.cancel();
        await nextTurn();
        // It may still be written to a client.
        expect(chunk).toEqual(before);
      }
    };
    const whole = async () => {
      const reader = await openReader();
      const hash = createHash('sha256');
      for (let chunk; (chunk = await reader.read(Number.MAX_SAFE_INTEGER)) !== undefined; await nextTurn())
        hash.update(chunk);
      return hash.digest('hex');
    };
    const leaving = [leave(), leave()];
    const digests = await Promise.all([whole(), whole(), whole()]);
    done.abort();
    await Promise.all(leaving);
    expect(new Set(digests)).toEqual(new Set([createHash('sha256').update(BODY).digest('hex')]));
  });
});
