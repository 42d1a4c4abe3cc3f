import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodePieceIndex, PIECES_TYPE } from '../../../src/digests/piece-index.ts';
import { respond, type ReceivedRequest, type Transmission } from './respond.ts';
import { currentVersion, type ObjectVersion, type Scene } from './scene.ts';

/** A server of scenes, over sockets: `/ID/file` is the object of the scene with this id. */
export interface FaultServer {
  readonly scenes: Map<number, Scene>;
  urlOf(scene: Scene): string;
  close(): Promise<void>;
}

/** Bytes that are written at once. */
const CHUNK = 16 * 1024;

/** Starts a server on a free port of the loopback interface. */
export async function startFaultServer(): Promise<FaultServer> {
  const scenes = new Map<number, Scene>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, scenes).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    scenes,
    urlOf: ({ seed }) => `http://127.0.0.1:${address.port}/${seed}/file`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, scenes: ReadonlyMap<number, Scene>): Promise<void> {
  for await (const request of requests(socket)) {
    const scene = scenes.get(Number(/^\/(\d+)\//.exec(request.path)?.[1]));
    if (scene === undefined) return void socket.destroy();
    if (/^\/\d+\/pieces$/.test(request.path)) {
      await sendIndex(socket, currentVersion(scene));
      continue;
    }
    scene.open++;
    try {
      const response = respond(scene, request);
      if (response === undefined) return void socket.resetAndDestroy();
      if (!(await send(socket, response, (bytes) => (scene.sent += bytes)))) return;
    } finally {
      scene.open--;
    }
  }
}

/** Sends the piece index of a version: one piece, since objects have less than a MiB. */
async function sendIndex(socket: Socket, { bytes, tag }: ObjectVersion): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest();
  const pieces = bytes.length === 0 ? new Uint8Array() : sha256;
  const etag = tag.slice(1, -1);
  const index = await encodePieceIndex({ key: 'file', etag, size: bytes.length, crc32: 0, sha256, pieces });
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${PIECES_TYPE}\r\nContent-Length: ${index.length}\r\n\r\n`);
  socket.write(index);
}

async function* requests(socket: Socket): AsyncGenerator<ReceivedRequest> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const [line = '', ...fields] = text.slice(0, end).split('\r\n');
      text = text.slice(end + 4);
      const pairs = fields.map(
        (field) =>
          [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()] as const,
      );
      yield { path: line.split(' ')[1] ?? '', fields: new Map(pairs) };
    }
  }
}

/** @returns whether the connection can be used again */
async function send(socket: Socket, response: Transmission, onSent: (bytes: number) => void): Promise<boolean> {
  const { status, fields, body, framing, length = body.length, cut } = response;
  const framed = {
    length: { 'Content-Length': String(length) },
    chunked: { 'Transfer-Encoding': 'chunked' },
    close: { Connection: 'close' },
  }[framing];
  const head = Object.entries({ ...fields, ...framed }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} Status\r\n${head.join('')}\r\n`);
  await write(socket, cut === undefined ? body : body.subarray(0, cut.at), response, onSent);
  switch (cut?.end) {
    case 'stall':
      await once(socket, 'close');
      return false;
    case 'reset':
      socket.resetAndDestroy();
      return false;
    case 'close':
      socket.end();
      return false;
    case undefined:
      if (framing === 'chunked') socket.write('0\r\n\r\n');
      if (framing === 'close') socket.end();
      return framing !== 'close';
  }
}

async function write(
  socket: Socket,
  body: Uint8Array,
  { framing, pace }: Transmission,
  onSent: (bytes: number) => void,
): Promise<void> {
  const start = performance.now();
  for (let position = 0; position < body.length && !socket.destroyed; position += CHUNK) {
    const chunk = body.subarray(position, position + CHUNK);
    if (framing === 'chunked') socket.write(`${chunk.length.toString(16)}\r\n`);
    const isFree = socket.write(chunk);
    onSent(chunk.length);
    if (framing === 'chunked') socket.write('\r\n');
    if (!isFree) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    const ahead = position / pace - (performance.now() - start);
    if (ahead > 2) await sleep(ahead);
  }
}
