import { createServer, type IncomingHttpHeaders } from 'node:http';

/** A request as the API received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A response of the API. */
export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A double of a CDN's API on loopback: real HTTP, and responses in the shapes that the API's reference shows. It was not
 * recorded from the service.
 *
 * @param reply returns the response, or `undefined` to close the connection without one
 */
export async function serveApi(reply: (received: Received, index: number) => Reply | undefined) {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url: path = '', headers } = req;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
      const answer = reply(one, received.push(one) - 1);
      if (answer === undefined) req.socket.destroy();
      else res.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A pause that takes no time, and notes how long it was to be, in ms. */
export function recordedPause() {
  const pauses: number[] = [];
  return { pauses, wait: async (ms: number) => void pauses.push(ms) };
}
