import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that sends exactly the given bytes. */
export interface RawClient {
  readonly socket: Socket;
  /** All received bytes, one character each. */
  received(): string;
  /** Resolves when the connection has ended, by either side. */
  readonly ended: Promise<void>;
}

/** @param readsNothing leaves received bytes in the socket buffer */
export async function connectTo(port: number, readsNothing = false): Promise<RawClient> {
  // The client must still close a connection that the server has half-closed.
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.on('error', () => resolve());
  });
  if (readsNothing) socket.pause();
  else socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { socket, received: () => Buffer.concat(chunks).toString('latin1'), ended };
}

/** A request for a path, as it goes over the wire. */
export function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: test\r\n${fields}\r\n`;
}
