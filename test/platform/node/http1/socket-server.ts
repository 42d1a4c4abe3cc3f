import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, type SecureVersion } from 'node:tls';

/** A server on plain sockets, with scripted responses. */
export interface Storage {
  readonly port: number;
  /** The heads of the requests, in the order of arrival. */
  readonly heads: readonly string[];
  /** All sockets, also closed ones. */
  readonly sockets: readonly Socket[];
  stop(): Promise<void>;
}

/** Called for each request, with its number among all requests and on its socket, from 1. */
export type Answer = (socket: Socket, request: number, ofSocket: number) => void;

/** The TLS options of a server. */
export interface Secure {
  readonly key: string;
  readonly cert: string;
  readonly maxVersion?: SecureVersion;
}

/** Starts a server on loopback. */
export async function startStorage(answer: Answer, secure?: Secure, host = '127.0.0.1'): Promise<Storage> {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const accept = (socket: Socket) => {
    sockets.push(socket);
    let text = '';
    let count = 0;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        heads.push(text.slice(0, end));
        text = text.slice(end + 4);
        answer(socket, heads.length, ++count);
      }
    });
  };
  const server: Server = secure === undefined ? createServer(accept) : createSecureServer(secure, accept);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    heads,
    sockets,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A complete response with Content-Length. */
export function whole(body: string | Buffer, more = ''): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${more}\r\n`), bytes]);
}
