/**
 * A server of one object, shaped as an argument says in JSON. It prints its port. Run by speed.ts, in a process of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How the server is shaped. */
export interface Shape {
  /** Of the object, in bytes. */
  readonly size: number;
  /** Until the first byte of each response, in ms. */
  readonly latency: number;
  /** Bytes a second of each connection. */
  readonly rate: number;
  /** The part of the responses that stop somewhere, and send nothing more. */
  readonly stalling: number;
}

const BLOCK = 64 * 1024;
/** A prime number of bytes, so that a wrong offset is noticed. */
const PERIOD = 1_048_573;

/** The bytes of the object, once and the length of a block more. */
export const CONTENT: Buffer = (() => {
  const bytes = Buffer.alloc(PERIOD + BLOCK);
  for (let i = 0, state = 1; i < PERIOD; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    bytes[i] = state >>> 16;
  }
  bytes.copy(bytes, PERIOD, 0, BLOCK);
  return bytes;
})();

/** Returns bytes of the object: those from `position` to `end`, half-open, at most 64 KiB. */
export function contentAt(position: number, end: number): Buffer {
  const start = position % PERIOD;
  return CONTENT.subarray(start, start + Math.min(BLOCK, end - position));
}

async function answer(shape: Shape, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { size, latency, rate, stalling } = shape;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '') ?? [];
  const start = first === undefined ? 0 : Number(first);
  const end = last === undefined || last === '' ? size : Math.min(size, Number(last) + 1);
  await sleep(latency);
  const common = { ETag: '"1"', 'Accept-Ranges': 'bytes', 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
  if (start >= size) return void res.writeHead(416, { ...common, 'Content-Range': `bytes */${size}` }).end();
  const partial = first === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` };
  res.writeHead(first === undefined ? 200 : 206, { ...common, ...partial, 'Content-Length': end - start });
  if (req.method === 'HEAD') return void res.end();
  const stop = Math.random() < stalling ? start + Math.random() * (end - start) : Number.POSITIVE_INFINITY;
  const began = performance.now();
  for (let position = start; position < end && !res.destroyed;) {
    if (position >= stop) return;
    const block = contentAt(position, end);
    position += block.length;
    if (!res.write(block)) await new Promise<void>((resolve) => void res.once('drain', resolve).once('close', resolve));
    const ahead = ((position - start) / rate) * 1_000 - (performance.now() - began);
    if (ahead > 1) await sleep(ahead);
  }
  res.end();
}

if (process.argv[1] === import.meta.filename) {
  const shape: Shape = JSON.parse(process.argv[2] ?? '');
  const server = createServer((req, res) => void answer(shape, req, res).catch(() => res.destroy()));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') console.error(`http://127.0.0.1:${address.port}`);
  });
}
