import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AnswerCase } from './answer-case.ts';

/** A server on loopback that answers with any bytes. */
export interface AnswerServer {
  readonly origin: string;
  stop(): void;
}

/** Starts one that answers a request for `/INDEX` with the case of this index, and closes its side then. */
export async function startAnswerServer(find: (index: number) => AnswerCase): Promise<AnswerServer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let head = '';
    socket.on('data', (chunk) => {
      const isAnswered = head.includes('\r\n\r\n');
      head += chunk.toString('latin1');
      if (!isAnswered && head.includes('\r\n\r\n')) void answer(socket, find(Number(head.split(/[ /]+/)[1])));
    });
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function answer(socket: Socket, { pieces }: AnswerCase): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => resolve()));
    // The client gets its turn between two pieces.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  socket.end();
}
