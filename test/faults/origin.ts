import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultKind, Occasion } from './fault.ts';
import { answer, toS3Request } from './s3-answer.ts';
import type { StoredObject } from './stored-object.ts';
import { sound, spoil, type Transmission } from './transmission.ts';

/** The object and the faults of a key. */
export interface Scene {
  /** `undefined` where there is none. */
  readonly object: StoredObject | undefined;
  /** Called once for each request: what goes wrong with it. */
  fault(occasion: Occasion): Fault | undefined;
}

/** An S3 of one bucket that misbehaves as it is told. */
export interface Origin {
  readonly endpoint: string;
  readonly requests: () => number;
  /** How many faults of a kind there were. */
  readonly faults: (kind: FaultKind) => number;
  /** Connections there are. */
  readonly open: () => number;
  /** Connections with a request whose answer has not all been handed over, stalled ones among them. */
  readonly busy: () => number;
  stop(): Promise<void>;
}

export const BUCKET = 'faults';

/** Until what was written before a reset is with the client, which a reset would throw away; in ms. */
const SETTLE = 3;

/**
 * Listens with plain sockets, since no HTTP server lets itself be made to send half a head.
 *
 * @param stage finds the scene of a key; for an unknown one there is no object
 */
export async function startOrigin(stage: (key: string) => Scene): Promise<Origin> {
  const sockets = new Set<Socket>();
  const busy = new Set<Socket>();
  const counts = new Map<FaultKind, number>();
  let requests = 0;

  function perform(head: string): Transmission {
    requests++;
    const { method, url, headers } = parseHead(head);
    const scene = stage(toKey(url));
    const request = toS3Request(method, url, headers);
    const occasion: Occasion = { request, sound: answer(request, scene.object), object: scene.object };
    const fault = scene.fault(occasion);
    if (fault === undefined) return sound(method, occasion.sound);
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    return spoil(fault, occasion);
  }

  async function converse(socket: Socket): Promise<void> {
    let received = '';
    for await (const chunk of socket) {
      received += Buffer.from(chunk).toString('latin1');
      for (let end = received.indexOf(END); end >= 0; end = received.indexOf(END)) {
        busy.add(socket);
        const head = received.slice(0, end);
        received = received.slice(end + END.length);
        const ending = await transmit(socket, perform(head));
        if (ending !== 'stall') busy.delete(socket);
      }
    }
  }

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      busy.delete(socket);
    });
    // However the gateway ends a connection, it is its right to.
    converse(socket).catch((error: unknown) => {
      if (!isHangup(error)) throw error;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the origin has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests: () => requests,
    faults: (kind) => counts.get(kind) ?? 0,
    open: () => sockets.size,
    busy: () => busy.size,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

const END = '\r\n\r\n';

async function transmit(socket: Socket, { wait, head, body, ending }: Transmission): Promise<Transmission['ending']> {
  if (wait > 0) await sleep(wait);
  await written(socket, Buffer.concat([Buffer.from(head, 'latin1'), ...body]));
  switch (ending) {
    case 'end':
      socket.end();
      break;
    case 'reset':
      await sleep(SETTLE);
      socket.resetAndDestroy();
      break;
    case 'keep':
    case 'stall':
      break;
  }
  return ending;
}

/** Resolves when the kernel has taken all bytes, or the socket has closed. */
async function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve());
  });
}

function parseHead(head: string): { readonly method: string; readonly url: URL; readonly headers: Headers } {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = first.split(' ');
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { method, url: new URL(target, 'http://origin'), headers };
}

/** Path style: `/BUCKET/KEY`. */
function toKey({ pathname }: URL): string {
  return decodeURIComponent(pathname.slice(`/${BUCKET}/`.length));
}

function isHangup(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ECONNRESET|EPIPE|ERR_STREAM_)/.test(String(error.code));
}
