import { HttpRequest } from '@smithy/core/transport';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, vi } from 'vitest';
import { wireHandler, type WireOptions } from '../../../src/platform/wire/wire-handler.ts';
import { startStorage, type Answer, type Storage } from './storage.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const stop of stops.splice(0)) await stop();
});

export async function open(answer: Answer, options: Partial<WireOptions> = {}, tls?: typeof secure) {
  const storage = await startStorage(answer, tls);
  const handler = wireHandler({ maxSockets: 10, connectTimeout: 2_000, requestTimeout: 2_000, ...options });
  stops.push(() => handler.destroy(), storage.stop);
  const ask = (fields: Partial<HttpRequest> = {}, abortSignal?: AbortSignal) =>
    handler.handle(
      request(storage, { protocol: tls === undefined ? 'http:' : 'https:', ...fields }),
      abortSignal === undefined ? {} : { abortSignal },
    );
  const get = async (fields: Partial<HttpRequest> = {}) => {
    const text = await read((await ask(fields)).response.body);
    await offered();
    return text;
  };
  return { storage, handler, ask, get };
}

function request({ port }: Storage, fields: Partial<HttpRequest>): HttpRequest {
  return new HttpRequest({ protocol: 'http:', hostname: '127.0.0.1', port, path: '/key', method: 'GET', ...fields });
}

export async function read(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body).text();
}

/** When a connection whose answer has come may be used again: the event loop has to have looked for more bytes. */
export async function offered(): Promise<void> {
  await sleep(3);
}

/** Of a server named localhost, for a hundred years. */
export const secure = { key: fileHere('localhost.key'), cert: fileHere('localhost.crt') };

function fileHere(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

/** Waits for what has no event. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(10);
  expect(holds()).toBe(true);
}
