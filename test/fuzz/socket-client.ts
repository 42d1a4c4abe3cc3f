import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Ended } from './socket-check.ts';
import type { SocketCase } from './socket-case.ts';

/** After this long without a byte the client ends its half of a connection whose last message may be unfinished. In ms. */
const IDLE = 150;
/** Until the server has closed a connection, in ms; beyond, it hangs. */
const LIMIT = 15_000;

/** Ends what a mangled message may have begun, so that the server has something to say. */
const SENTINEL = '\r\n\r\nGET /digits.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/**
 * Sends a case over a connection of its own and reads until the server closes it.
 *
 * @throws Error where it does not
 */
export async function exchange(port: number, { pieces, mangled }: SocketCase): Promise<Ended> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let halfClosed = false;
  const closed = new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection hangs: not closed in ${LIMIT / 1000} s, ${chunks.length} chunks came`));
    }, LIMIT);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // The server may reset a connection that it has answered and whose rest it does not read.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(limit);
      resolve();
    });
  });
  if (mangled) {
    socket.setTimeout(IDLE, () => {
      halfClosed = true;
      socket.end();
    });
  }
  for (const piece of mangled ? [...pieces, SENTINEL] : pieces) {
    if (socket.writable) socket.write(piece, 'latin1');
    await setImmediate();
  }
  await closed;
  return { received: Buffer.concat(chunks), halfClosed };
}
