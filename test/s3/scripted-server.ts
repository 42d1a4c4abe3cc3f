import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server with scripted responses that no real one can be made to send, and its requests. */
export async function scriptedServer(answer: (req: IncomingMessage, res: ServerResponse, call: number) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((req, res) => answer(req, res, asked.push(req))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.dispose]: () => void server.close(server.closeAllConnections.bind(server)),
  };
}
