import { once } from 'node:events';
import { createServer, get } from 'node:http';

/** A proxy that changes bytes of one file on their way. */
export interface CorruptingProxy {
  readonly url: string;
  /** The bytes of the file that it has sent. */
  sent(): number;
  /** How many changes it has still to make. */
  left(): number;
  close(): void;
}

/**
 * Starts a proxy that changes a bit of the byte at each of these positions, as often as it says.
 *
 * @param path of the file; other paths are passed on as they are
 */
export async function startCorrupting(
  gateway: string,
  path: string,
  positions: readonly number[],
  times: number,
): Promise<CorruptingProxy> {
  const remaining = new Map(positions.map((position) => [position, times]));
  let sent = 0;
  const server = createServer((req, res) => {
    const request = get(
      `${gateway}${req.url}`,
      { method: req.method, headers: req.headers, agent: false },
      (response) => {
        const isFile = req.url === path;
        let position = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? 0);
        res.writeHead(response.statusCode ?? 502, response.headers);
        response.on('data', (chunk: Buffer) => {
          if (isFile) {
            flip(chunk, position);
            position += chunk.length;
            sent += chunk.length;
          }
          if (!res.write(chunk)) response.pause();
        });
        res.on('drain', () => response.resume());
        response.on('end', () => res.end());
        res.on('close', () => response.destroy());
      },
    );
    request.on('error', () => res.destroy());
  }).listen(0, '127.0.0.1');

  function flip(chunk: Buffer, position: number): void {
    for (const [at, left] of remaining) {
      const i = at - position;
      if (i < 0 || i >= chunk.length) continue;
      chunk[i] = (chunk[i] ?? 0) ^ 1;
      if (left > 1) remaining.set(at, left - 1);
      else remaining.delete(at);
    }
  }

  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    sent: () => sent,
    left: () => remaining.size,
    close: () => void server.close(),
  };
}
