import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** How a proxy delays and limits each connection. */
export interface ConnectionShape {
  /** Added to each byte of a response, in ms. */
  readonly latency: number;
  /** Bytes a second of each connection. */
  readonly rate: number;
}

/** Bytes that wait in the proxy, of one connection, until it reads no more. */
const MAX_QUEUED = 1024 * 1024;

/**
 * Starts a proxy of TCP connections in front of a port of this machine.
 *
 * @returns its port, and the function that stops it
 */
export async function startShapedProxy(target: number, { latency, rate }: ConnectionShape) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.pipe(upstream);
    let free = 0;
    let queued = 0;
    // Timers may fire in another order than they were set, if a turn of the event loop is long.
    const waiting: Buffer[] = [];
    upstream.on('data', (chunk) => {
      const now = performance.now();
      free = Math.max(free, now + latency) + (chunk.length / rate) * 1000;
      queued += chunk.length;
      if (queued > MAX_QUEUED) upstream.pause();
      waiting.push(chunk);
      setTimeout(() => {
        const next = waiting.shift() ?? chunk;
        queued -= next.length;
        client.write(next);
        if (queued <= MAX_QUEUED) upstream.resume();
      }, free - now);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
