import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { nodeFetcher } from '../../../src/platform/node/node-fetcher.ts';
import { startRawServer } from '../../cli/get/servers.ts';
import { fetcherContract, readAll } from '../../client/fetcher-contract.ts';

const fetcher = nodeFetcher({ timeout: 5_000 });
afterAll(() => {
  fetcher.destroy();
});

fetcherContract("Node's sockets", fetcher);

const signal = new AbortController().signal;

test('a body that ends with its connection is told', async () => {
  const server = await startRawServer((socket) => void socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntext'));
  const response = await fetcher({ url: server.url, fields: {}, signal });
  expect(response.isUnframed).toBe(true);
  await response.body.cancel();
  await server.close();
});

test.for(['ftp://files.example/', 'file:///etc/passwd', 'http://'])('a redirect to %s rejects', async (location) => {
  const server = await startRawServer(
    (socket) => void socket.write(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
  );
  await expect(fetcher({ url: server.url, fields: {}, signal })).rejects.toThrow('a redirect leads to no http');
  await server.close();
});

test('a coded body that ends before its coding does rejects', async () => {
  const coded = gzipSync('text '.repeat(1_000)).subarray(0, 20);
  const server = await startRawServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`);
    socket.write(coded);
  });
  const response = await fetcher({ url: server.url, fields: {}, signal });
  await expect(readAll(response)).rejects.toThrow();
  await server.close();
});

test('a content coding that is not known rejects', async () => {
  const server = await startRawServer(
    (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\nContent-Length: 4\r\n\r\ntext'),
  );
  await expect(fetcher({ url: server.url, fields: {}, signal })).rejects.toThrow('content coding zip');
  await server.close();
});

test.for([
  [50_000, 50_000],
  [1, 16 * 1024],
] as const)(
  'bodies that are read at %i bytes a second come in chunks of %i bytes at the most',
  async ([rateLimit, most]) => {
    const bytes = Buffer.alloc(2_000_000, 'The bytes of a body. ');
    const server = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      socket.write(bytes);
    });
    const slow = nodeFetcher({ timeout: 5_000, rateLimit });
    const { body } = await slow({ url: server.url, fields: {}, signal });
    let [length, longest] = [0, 0];
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      length += chunk.length;
      longest = Math.max(longest, chunk.length);
      // More arrives meanwhile.
      await nextTurn();
    }
    expect(length).toBe(bytes.length);
    expect(longest).toBeLessThanOrEqual(most);
    slow.destroy();
    await server.close();
  },
);
