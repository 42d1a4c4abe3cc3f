import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that says exactly what it is told. */
export interface RawClient {
  readonly socket: Socket;
  /** All bytes that came, a character a byte. */
  received(): string;
  /** When the connection is at its end, by whom and however it may be. */
  readonly ended: Promise<void>;
}

/** @param readsNothing leaves what comes in the system's buffers */
export async function connectTo(port: number, readsNothing = false): Promise<RawClient> {
  // A connection whose server has closed its side is still ours to close.
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
