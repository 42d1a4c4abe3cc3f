import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { parseResponse, type WireRequest, type WireResponse } from '../conformance/wire.ts';

/**
 * The end of a response as seen by a client. `complete`: the framing is satisfied to the byte. `broken`: any client sees that it is
 * not. `silent`: broken before there was a head.
 */
export type Received =
  | { readonly outcome: 'complete' | 'broken'; readonly response: WireResponse }
  | { readonly outcome: 'silent' };

/** How often a client looks whether it still has patience, in ms. */
const TICK = 25;

/**
 * One request on a connection of its own, until the gateway closes it.
 *
 * @param patience asked again and again: how many ms without a byte are waited for, before the client leaves
 * @throws Error for what is no HTTP
 */
export async function fetchRaw(url: URL, request: WireRequest, patience: () => number): Promise<Received> {
  const { method } = request;
  const received = await exchange(url, request, patience);
  const response = parseResponse(method, received);
  if (response === undefined) return { outcome: 'silent' };
  return { outcome: response.complete ? 'complete' : 'broken', response };
}

function exchange(url: URL, { method, target, headers }: WireRequest, patience: () => number): Promise<Buffer> {
  const fields = [['Host', url.host] as const, ...headers, ['Connection', 'close'] as const];
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let last = performance.now();
    const socket = connect(Number(url.port), url.hostname);
    const timer = setInterval(() => {
      if (performance.now() - last > patience()) socket.destroy();
    }, TICK);
    socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1');
    socket.on('data', (chunk: Buffer) => {
      last = performance.now();
      chunks.push(chunk);
    });
    // A reset is one of the ways in which an answer breaks; what came before it counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(Buffer.concat(chunks));
    });
  });
}
