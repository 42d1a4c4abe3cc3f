import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** An S3 server that sends arbitrary bytes as field values. */
export interface RawOrigin {
  readonly endpoint: string;
  put(key: string, lines: readonly (readonly [name: string, value: Buffer])[], body: Buffer): void;
  /** Connections with a response in progress. */
  busy(): number;
  stop(): Promise<void>;
}

interface RawObject {
  readonly fields: Buffer;
  readonly body: Buffer;
}

const END = '\r\n\r\n';

/** Listens with plain sockets: no HTTP server sends such heads. */
export async function startRawOrigin(bucket: string): Promise<RawOrigin> {
  const objects = new Map<string, RawObject>();
  const sockets = new Set<Socket>();
  const busy = new Set<Socket>();

  function answer(socket: Socket, head: string): void {
    const [, method = '', target = ''] = /^(GET|HEAD) (\S+) /.exec(head) ?? [];
    const key = decodeURIComponent(target.slice(`/${bucket}/`.length).replace(/\?.*$/, ''));
    const object = objects.get(key);
    if (object === undefined) {
      socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const { fields, body } = object;
    const [, from, to] = /\r\nrange: bytes=(\d+)-(\d*)/i.exec(head) ?? [];
    const start = Number(from ?? 0);
    const end = to === undefined || to === '' ? body.length : Math.min(body.length, Number(to) + 1);
    const range = from === undefined ? '' : `Content-Range: bytes ${start}-${end - 1}/${body.length}\r\n`;
    const status = from === undefined ? '200 OK' : '206 Partial Content';
    busy.add(socket);
    socket.write(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${end - start}\r\n${range}`),
        fields,
        Buffer.from('\r\n'),
        method === 'HEAD' ? Buffer.alloc(0) : body.subarray(start, end),
      ]),
      () => busy.delete(socket),
    );
  }

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      for (let end = received.indexOf(END); end >= 0; end = received.indexOf(END)) {
        const head = received.slice(0, end);
        received = received.slice(end + END.length);
        answer(socket, head);
      }
    });
    // The gateway may end a connection in any way.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      busy.delete(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the origin has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    put(key, lines, body) {
      const fields = lines.flatMap(([name, value]) => [Buffer.from(`${name}: `), value, Buffer.from('\r\n')]);
      objects.set(key, { fields: Buffer.concat(fields), body });
    },
    busy: () => busy.size,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
