import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A server that answers each request with bytes that a test writes. */
export interface RawServer {
  readonly url: string;
  /** The heads of all requests. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Starts a server. `answer` writes to the socket for the head and the content of each request. */
export async function startRawServer(
  answer: (socket: Socket, head: string, content: string) => void,
): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        const next = end + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        if (text.length < next) return;
        const content = text.slice(end + 4, next);
        text = text.slice(next);
        requests.push(head);
        answer(socket, head, content);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Prints a response. */
export function print(status: number, fields: Readonly<Record<string, string>>, body = ''): string {
  const all = { 'Content-Length': String(Buffer.byteLength(body)), ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n${body}`;
}

/** Prints the response to a range of a text, by the head of its request. */
export function printRange(head: string, text: string, fields: Readonly<Record<string, string>>): string {
  const [, first = '0', last = ''] = /^range: bytes=(\d+)-(\d*)/im.exec(head) ?? [];
  const end = last === '' ? text.length : Number(last) + 1;
  const range = `bytes ${first}-${end - 1}/${text.length}`;
  return print(206, { 'Content-Range': range, ...fields }, text.slice(Number(first), end));
}
