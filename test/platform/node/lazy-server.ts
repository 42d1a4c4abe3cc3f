import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono, type MiddlewareHandler } from 'hono';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  createGateway,
  fsStore,
  memoryCache,
  type FetchHandler,
  type NodeServer,
} from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { recordingObserver } from '../../gateway/recording-observer.ts';
import { ask, type Answer } from './raw-request.ts';

/** Bytes without repetition. */
export const LARGE = Uint8Array.from({ length: 700_001 }, (_, i) => (i * i + (i >> 7)) % 251);

export let folder = '';
const servers: NodeServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rangeway-lazy-'));
  await writeFile(join(folder, 'large.txt'), LARGE);
  await writeFile(join(folder, 'small.txt'), LARGE.subarray(0, 3_000));
  await writeFile(join(folder, 'empty.txt'), '');
});
afterAll(async () => {
  for (const server of servers) await server.stop(100);
  await rm(folder, { recursive: true });
});

export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly fields?: Record<string, string>;
}

/** A body of each kind: bytes in memory, a stream of reusable memory, text, none. */
export const asked: Readonly<Record<string, Asked>> = {
  'bytes in memory': { path: '/cached/small.txt' },
  'a range in memory': { path: '/cached/small.txt', fields: { Range: 'bytes=5-9' } },
  'a whole block from a cache': { path: '/cached/large.txt' },
  'a small file': { path: '/files/small.txt' },
  'a stream': { path: '/files/large.txt' },
  'a range of a stream': { path: '/files/large.txt', fields: { Range: 'bytes=1-500000' } },
  'several parts': { path: '/files/large.txt', fields: { Range: 'bytes=0-9,300000-699999' } },
  'an empty object': { path: '/files/empty.txt' },
  HEAD: { path: '/files/large.txt', method: 'HEAD' },
  'HEAD of memory': { path: '/cached/small.txt', method: 'HEAD' },
  '304': { path: '/files/large.txt', fields: { 'If-None-Match': '*' } },
  '404': { path: '/files/none' },
  '416': { path: '/files/small.txt', fields: { Range: 'bytes=3000-' } },
  OPTIONS: { path: '/files/small.txt', method: 'OPTIONS' },
};

/** Serves an app until the tests of the file end. @returns its URL */
export async function open(app: FetchHandler): Promise<string> {
  const server = await serve(app, { port: 0 });
  servers.push(server);
  return server.url;
}

/** Serves a gateway with a concurrency limit of 1, behind a middleware. */
export async function start(middleware?: MiddlewareHandler) {
  const watched = recordingObserver();
  const store = fsStore(folder);
  const gateway = createGateway({
    observers: [watched],
    limits: { downloads: 1 },
    mounts: [
      { path: '/cached', store, cache: memoryCache({ maxBytes: 2 ** 22 }) },
      { path: '/files', store },
    ],
  });
  const app = new Hono();
  if (middleware !== undefined) app.use(middleware);
  const url = await open(app.route('/', gateway));
  const get = async ({ path, fields, method }: Asked): Promise<Answer> => {
    watched.ends.length = 0;
    const answer = await ask(`${url}${path}`, { ...fields, 'X-Request-Id': 'one-request' }, method);
    // If the slot is not free again, the next request gets 503.
    await expect.poll(() => watched.ends).toHaveLength(1);
    return answer;
  };
  // The first fills the cache, the second is served from it.
  for (const path of ['/cached/small.txt', '/cached/large.txt']) await get({ path });
  return { get, watched };
}

/** The parts of a response that do not depend on the time. */
export function essence({ status, headers, body }: Answer) {
  const { date: _date, 'cache-status': _cache, 'content-type': type, ...others } = headers;
  const boundary = /boundary=(\S+)/.exec(String(type))?.[1];
  const text = body.toString('latin1');
  const plain = boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY');
  return { status, headers: others, type: String(type).replace(boundary ?? '', ''), body: plain };
}

/** A middleware that calls a function after `next()`. */
export const after = (work: (c: Parameters<MiddlewareHandler>[0]) => void | Promise<void>): MiddlewareHandler =>
  async function look(c, next) {
    await next();
    await work(c);
  };
