import { connect, type Socket } from 'node:net';
import { parseResponse, type WireResponse } from '../conformance/wire.ts';

/** A client with one persistent connection. */
export interface KeepAliveClient {
  /** @throws Error if no complete response arrives */
  ask(method: string, target: string, fields?: string): Promise<WireResponse>;
  close(): void;
}

/** The timeout of a response, in ms. */
const LIMIT = 20_000;

/** Reads raw bytes, because HTTP clients refuse or normalize some heads. */
export function keepAliveClient(port: number): KeepAliveClient {
  let kept: Socket | undefined;
  return {
    async ask(method, target, fields = '') {
      const socket = kept ?? connect({ port, host: '127.0.0.1' });
      kept = undefined;
      const response = await exchange(socket, method, `${method} ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
      if (response.headers.some(([name, value]) => name === 'connection' && /close/i.test(value))) socket.destroy();
      else kept = socket;
      return response;
    },
    close: () => kept?.destroy(),
  };
}

function exchange(socket: Socket, method: string, request: string): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
    };
    const fail = (why: string) => {
      settle();
      socket.destroy();
      reject(new Error(`${why}, after ${received.length} bytes: ${received.toString('latin1').slice(0, 2_000)}`));
    };
    const timer = setTimeout(() => fail('no whole answer in time'), LIMIT);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        const response = parseResponse(method, received);
        if (response?.complete !== true) return;
        settle();
        resolve(response);
      } catch (error) {
        fail(String(error));
      }
    });
    socket.on('close', () => fail('the connection was closed'));
    socket.on('error', (error) => fail(error.message));
    socket.write(request, 'latin1');
  });
}
