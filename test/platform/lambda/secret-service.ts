import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as an AWS service received it. */
export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A response of a service. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server on loopback in place of Secrets Manager, Parameter Store, or both. */
export interface SecretService extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
}

/**
 * Serves responses over HTTP.
 *
 * @param answer returns the response, or `undefined` to close the connection without one
 * @param other responds to requests other than POST
 */
export async function serveSecrets(
  answer: (asked: Asked) => Answer | undefined,
  other: RequestListener = (_, res) => void res.writeHead(404).end(),
): Promise<SecretService> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    if (req.method !== 'POST') {
      other(req, res);
      return;
    }
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const one = { method: req.method, path: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      const given = answer(one);
      if (given === undefined) req.socket.destroy();
      else
        res.writeHead(given.status, { 'Content-Type': 'application/x-amz-json-1.1', ...given.headers }).end(given.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port }: Pick<AddressInfo, 'port'> = toAddress(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toAddress(address: AddressInfo | string | null): AddressInfo {
  if (typeof address === 'object' && address !== null) return address;
  throw new Error('the server listens on no port');
}

/** The response of both services for an existing value. */
export function valueOf({ headers }: Asked, value: string): Answer {
  const isParameter = headers['x-amz-target'] === 'AmazonSSM.GetParameter';
  return { status: 200, body: JSON.stringify(isParameter ? { Parameter: { Value: value } } : { SecretString: value }) };
}
