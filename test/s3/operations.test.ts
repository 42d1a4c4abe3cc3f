import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe } from 'vitest';
import { describeStorageOperations, SIZE } from '../contract/storage-operations.ts';
import { access, hasS3, newBucket } from './server.ts';

/** Passes every request on as it is, and counts them: what really reaches the storage, the SDK's retries included. */
async function countingProxy() {
  let count = 0;
  const target = new URL(access.endpoint);
  const server = createServer((req, res) => {
    count++;
    const onward = request(
      { host: target.hostname, port: target.port, method: req.method, path: req.url, headers: req.headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe.skipIf(!hasS3)('at the wire', async () => {
  const proxy = await countingProxy();
  afterAll(proxy.close);

  describeStorageOperations('S3', async () => {
    const { store, put } = await newBucket({ endpoint: proxy.endpoint });
    await put('object', new Uint8Array(SIZE));
    await put('empty', new Uint8Array(0));
    return {
      store,
      operations: proxy.take,
      // Ceph, unlike AWS, tells neither with its errors.
      tellsSizeWhenUnsatisfiable: false,
      tellsMetadataWhenUnmodified: false,
      replace: () => put('object', new Uint8Array(SIZE).fill(1)),
    };
  });
});
