import { expect, test } from 'vitest';
import { connectionReusable, open, read } from './open-transport.ts';

test.for(['GET', 'HEAD'] as const)(
  'an unsolicited response of an origin is never used for a request: %s',
  async (method) => {
    const answer = (n: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${String(n).length}\r\nX-Nth: ${n}\r\n\r\n`;
    const { storage, ask } = await open((socket, n) => {
      // Otherwise the kernel would delay the second response until the next request.
      socket.setNoDelay(true);
      socket.write(method === 'HEAD' ? answer(n) : `${answer(n)}${n}`);
      if (n % 3 === 0) setImmediate(() => socket.write(method === 'HEAD' ? answer(0) : `${answer(0)}0`));
    });
    for (let n = 1; n <= 90; n++) {
      const response = await ask({ method });
      expect(response.fields['x-nth']).toBe(String(n));
      expect(await read(response.body)).toBe(method === 'HEAD' ? '' : String(n));
      if (n % 2 === 0) await connectionReusable();
    }
    // After the first unsolicited response, each request has its own connection.
    expect(storage.sockets.length).toBeGreaterThan(80);
  },
);
