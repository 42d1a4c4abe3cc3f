import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

const running = new Map<Server, Set<Socket>>();

/** Starts an HTTP server on the loopback interface, with a certificate over TLS. */
export async function serveHttp(listener: RequestListener, certificate?: ServerOptions): Promise<URL> {
  if (certificate === undefined) return listen(createServer(listener));
  const url = await listen(createTlsServer(certificate, listener));
  url.protocol = 'https:';
  return url;
}

/** Starts a server of raw connections on the loopback interface. Their errors are ignored. */
export async function serveTcp(onSocket: (socket: Socket) => void): Promise<URL> {
  return listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    }),
  );
}

async function listen(server: Server): Promise<URL> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.set(server, sockets);
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new URL(`http://127.0.0.1:${address.port}/`);
}

/** Returns an address at which nothing listens. */
export async function freeUrl(): Promise<URL> {
  const server = createTcpServer();
  const url = await listen(server);
  await stop(server);
  return url;
}

/** Stops the servers that a file has started. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running.keys()].map(stop));
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of running.get(server) ?? []) socket.destroy();
  running.delete(server);
  await closed;
}
