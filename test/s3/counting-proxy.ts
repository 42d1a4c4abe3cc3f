import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { access } from './server.ts';

/** Relays each request unchanged and counts it: the requests that reach the storage, with the retries of the SDK. */
export async function countingProxy() {
  let count = 0;
  let open = 0;
  const target = new URL(access.endpoint);
  const server = createServer((req, res) => {
    count++;
    open++;
    const onward = request(
      { host: target.hostname, port: target.port, method: req.method, path: req.url, headers: req.headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    onward.on('error', () => res.destroy());
    res.on('close', () => {
      open--;
      onward.destroy();
    });
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
    /** Responses that have neither ended nor been aborted. */
    open: () => open,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
