import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, vi } from 'vitest';
import { http1Transport, type Http1Options } from '../../../../src/platform/node/http1/http1-transport.ts';
import type { TransportRequest } from '../../../../src/store/drivers/s3/transport.ts';
import { startStorage, type Answer, type Secure } from './socket-server.ts';

const stops: (() => unknown)[] = [];

/** Registers a function that is called after the test. */
export function stopLater(stop: () => unknown): void {
  stops.push(stop);
}

afterEach(async () => {
  vi.useRealTimers();
  for (const stop of stops.splice(0)) await stop();
});

/** The options of a request; by default a GET of /key from the server. */
export type Asked = Partial<TransportRequest> & {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
};

export async function open(answer: Answer, options: Partial<Http1Options> = {}, tls?: Secure) {
  const storage = await startStorage(answer, tls);
  const transport = http1Transport({ maxSockets: 10, connectTimeout: 2_000, requestTimeout: 2_000, ...options });
  stops.push(() => transport.destroy(), storage.stop);
  const ask = ({ path = '/key', host = '127.0.0.1', port = storage.port, ...request }: Asked = {}) =>
    transport({
      method: 'GET',
      url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}${path}`,
      fields: {},
      ...request,
    });
  const get = async (asked?: Asked) => {
    const text = await read((await ask(asked)).body);
    await connectionReusable();
    return text;
  };
  return { storage, transport, ask, get };
}

export async function read(body: ReadableStream<Uint8Array> | undefined): Promise<string> {
  return new Response(body ?? null).text();
}

/** Waits until a connection may be reused: the event loop must have polled it for surplus bytes. */
export async function connectionReusable(): Promise<void> {
  await sleep(3);
}

/** Self-signed certificates of one key, valid for a hundred years except `expired`. `address` is for 127.0.0.1. */
export type CertificateName = 'localhost' | 'address' | 'named-address' | 'other-host' | 'expired';

export function certificate(name: CertificateName): Secure {
  return { key: certificateFile('localhost.key'), cert: certificateFile(`${name}.crt`) };
}

function certificateFile(name: string): string {
  return readFileSync(join(import.meta.dirname, 'certificates', name), 'utf8');
}

/** Polls a condition; fails after 2 s. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(10);
  expect(holds()).toBe(true);
}
