import { once } from 'node:events';
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The faults of a proxy. A test changes them while it runs. */
export interface Faults {
  /** A response of the file is reset after so many bytes. */
  resetAfter: number;
  /** Bytes a second of one response; 0 for no limit. */
  rate: number;
  /** What the proxy hides, as a server would that lacks it. */
  hides: 'ranges' | 'validators' | undefined;
  /** Whether all connections are reset at once. */
  isOff: boolean;
  /** A bit of the byte at each of these positions is changed, once. */
  readonly wrong: Set<number>;
  /** Returns whether a request of this address gets 403. */
  isRefused: (url: string) => boolean;
}

/** A proxy with faults between a browser and a gateway. */
export interface FaultyProxy {
  readonly url: string;
  readonly faults: Faults;
  /** Responses that were reset. */
  resets(): number;
  /** Bytes of the file that were received from the gateway. */
  sent(): number;
  close(): void;
}

const HIDDEN = {
  ranges: ['range', 'if-range', 'accept-ranges'],
  validators: ['etag', 'last-modified', 'if-range', 'if-match', 'if-unmodified-since', 'repr-digest', 'link'],
};

function without(headers: IncomingHttpHeaders, hides: Faults['hides']): IncomingHttpHeaders {
  const hidden = hides === undefined ? [] : HIDDEN[hides];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hidden.includes(name)));
}

/** The time between two steps of a response with a rate, in ms. */
const STEP = 20;

/**
 * Starts a proxy in front of a gateway.
 *
 * @param path the faults are those of this file, but for `isOff`, which is of all requests
 */
export async function startFaulty(gateway: string, path: string): Promise<FaultyProxy> {
  const faults: Faults = {
    resetAfter: Infinity,
    rate: 0,
    hides: undefined,
    isOff: false,
    wrong: new Set(),
    isRefused: () => false,
  };
  const sockets = new Set<Socket>();
  let resets = 0;
  let sent = 0;

  function answer(req: IncomingMessage, res: ServerResponse): void {
    if (faults.isOff) return void req.socket.resetAndDestroy();
    const url = req.url ?? '/';
    const isFile = url.split('?')[0] === path && !url.includes('pieces');
    if (isFile && faults.isRefused(url)) return void res.writeHead(403, { 'Access-Control-Allow-Origin': '*' }).end();
    const hidden = (headers: IncomingHttpHeaders) => (isFile ? without(headers, faults.hides) : headers);
    const options = { method: req.method, headers: hidden(req.headers), agent: false };
    const request = get(`${gateway}${url}`, options, (response) => {
      res.writeHead(response.statusCode ?? 502, hidden(response.headers));
      if (isFile) passFile(req, res, response);
      else response.pipe(res);
    });
    request.on('error', () => res.destroy());
    req.pipe(request);
  }

  function passFile(req: IncomingMessage, res: ServerResponse, response: IncomingMessage): void {
    let position = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? 0);
    let passed = 0;
    response.on('data', (chunk: Buffer) => {
      for (const at of faults.wrong) {
        const i = at - position;
        if (i < 0 || i >= chunk.length) continue;
        chunk[i] = (chunk[i] ?? 0) ^ 1;
        faults.wrong.delete(at);
      }
      position += chunk.length;
      passed += chunk.length;
      sent += chunk.length;
      const isTooMuch = passed > faults.resetAfter;
      if (isTooMuch) {
        resets += 1;
        return void req.socket.resetAndDestroy();
      }
      const isWritten = res.write(chunk);
      const pause = faults.rate === 0 ? 0 : Math.max(STEP, (chunk.length / faults.rate) * 1000);
      if (!isWritten || pause > 0) response.pause();
      if (pause > 0) setTimeout(() => response.resume(), pause);
    });
    res.on('drain', () => faults.rate === 0 && response.resume());
    response.on('end', () => res.end());
    response.on('error', () => res.destroy());
    res.on('close', () => response.destroy());
  }

  const server = createServer(answer).listen(0, '127.0.0.1');
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (faults.isOff) socket.resetAndDestroy();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults: new Proxy(faults, {
      set(target, name, value) {
        if (name === 'isOff' && value === true) for (const socket of sockets) socket.resetAndDestroy();
        return Reflect.set(target, name, value);
      },
    }),
    resets: () => resets,
    sent: () => sent,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
