import { once } from 'node:events';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundaryOf, parseByteranges } from '../conformance/multipart.ts';
import { isRight } from './content.ts';

/** The request of a client, and its pace. */
export interface Ask {
  readonly url: string;
  readonly headers?: OutgoingHttpHeaders;
  /** The status that is due. */
  readonly status: number;
  /** In bytes a second; by default as fast as it comes. */
  readonly rate?: number;
  /** Leaves after this many bytes or milliseconds, whichever is first. */
  readonly leaveAfter?: { readonly bytes: number; readonly ms: number };
}

/** The result of a client. */
export interface Got {
  readonly bytes: number;
  /** When it left, by `performance.now()`; absent where it stayed to the end. */
  readonly leftAt?: number;
}

/**
 * One download over a connection of its own; every byte is compared with what it should be.
 *
 * @throws Error where the answer is not the one that is due
 */
export async function download({ url, headers = {}, status, rate, leaveAfter }: Ask): Promise<Got> {
  const outgoing = request(url, { agent: false, headers: { ...headers, Connection: 'close' } });
  outgoing.end();
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (response === undefined) throw new Error(`${url}: no answer`);
  if (response.statusCode !== status) {
    response.destroy();
    throw new Error(`${url} is answered ${response.statusCode} and not ${status}`);
  }
  const type = response.headers['content-type'] ?? '';
  if (status === 206 && type.startsWith('multipart/')) return takeParts(response, type, url);
  const isObject = status === 200 || status === 206;
  const deadline = leaveAfter === undefined ? Infinity : performance.now() + leaveAfter.ms;
  const first = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? 0);
  let bytes = 0;
  for await (const chunk of chunksOf(response)) {
    if (isObject && !isRight(chunk, first + bytes)) throw new Error(`${url}: wrong bytes after ${first + bytes}`);
    bytes += chunk.length;
    if (bytes >= (leaveAfter?.bytes ?? Infinity) || performance.now() >= deadline) {
      const leftAt = performance.now();
      response.destroy();
      return { bytes, leftAt };
    }
    if (rate !== undefined) await sleep((chunk.length / rate) * 1000);
  }
  const announced = response.headers['content-length'];
  if (announced !== undefined && status !== 304 && bytes !== Number(announced))
    throw new Error(`${url}: ${bytes} bytes of ${announced}`);
  return { bytes };
}

async function takeParts(response: IncomingMessage, type: string, url: string): Promise<Got> {
  const body = await buffer(response);
  for (const { bytes, start } of parseByteranges(body, boundaryOf(type)))
    if (!isRight(bytes, start)) throw new Error(`${url}: wrong bytes in the part from ${start}`);
  return { bytes: body.length };
}

async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of response) if (Buffer.isBuffer(chunk)) yield chunk;
}
