import { connect, createServer, type Socket } from 'node:net';

/** Relays a connection, and can end it without the server. */
export interface Relay {
  readonly port: number;
  /** Ends the client's side with FIN and relays no more bytes, so over TLS there is no close_notify. */
  cut(): void;
  /** Resets the client's side. */
  reset(): void;
  stop(): void;
}

/** Starts a relay to a port of loopback. */
export async function startRelay(to: number): Promise<Relay> {
  const sockets: Socket[] = [];
  let client: Socket | undefined;
  let isCut = false;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    client = socket;
    const upstream = connect({ port: to, host: '127.0.0.1', noDelay: true });
    sockets.push(socket, upstream);
    for (const one of [socket, upstream]) one.on('error', () => one.destroy());
    socket.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => isCut || socket.write(bytes));
    upstream.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut() {
      isCut = true;
      client?.end();
    },
    reset() {
      isCut = true;
      client?.resetAndDestroy();
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
