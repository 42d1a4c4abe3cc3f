import { expect, test } from 'vitest';
import { tieredCache, type TieredCache } from '../../../src/cache/drivers/tiered.ts';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';

const BLOCK = 64 * 1024;
const SIZE = 5 * BLOCK + 100;

const bytes = Uint8Array.from({ length: SIZE }, (_, i) => i * 7 + (i >> 8));

/** A double of Cloudflare's cache in front of an entrypoint: stores 200 responses by address, and serves ranges of them. */
function platform(keeps: boolean) {
  const kept = new Map<string, Uint8Array>();
  const seen: (string | null)[] = [];
  let entrypoint: TieredCache['answer'] = async () => new Response(null, { status: 500 });
  const ask = async (request: Request): Promise<Response> => {
    const whole = kept.get(request.url) ?? (await fill(request));
    if (whole instanceof Response) return whole;
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('Range') ?? '') ?? [];
    if (start === undefined || !keeps) return respond(200, whole, {});
    const part = whole.slice(Number(start), Number(last) + 1);
    return respond(206, part, { 'Content-Range': `bytes ${start}-${last}/${whole.length}` });
  };
  async function fill(request: Request): Promise<Uint8Array | Response> {
    const response = await entrypoint(new Request(request.url));
    seen.push(response.headers.get('Cache-Control'));
    if (response.status !== 200) return response;
    const body = new Uint8Array(await response.arrayBuffer());
    if (keeps) kept.set(request.url, body);
    return body;
  }
  const cache = tieredCache(ask);
  entrypoint = (request) => cache.answer(request);
  return { cache, seen, kept };
}

function respond(status: number, body: Uint8Array<ArrayBuffer> | Uint8Array, fields: Record<string, string>): Response {
  return new Response(new Uint8Array(body), { status, headers: { ...fields, 'Content-Length': String(body.length) } });
}

async function setting(keeps: boolean) {
  const memory = memoryStore();
  await memory.put('key', bytes);
  const reads: string[] = [];
  const store: ObjectStore = {
    head: (...args) => (reads.push('head'), memory.head(...args)),
    read: (...args) => (reads.push('read'), memory.read(...args)),
  };
  const { cache, seen, kept } = platform(keeps);
  const gateway = createGateway({ store, cache, blocks: { size: BLOCK }, observers: [{ end: () => undefined }] });
  const ask = async (range?: string) => {
    const response = await gateway.request('/key', range === undefined ? {} : { headers: { Range: range } });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  };
  return { ask, seen, kept, memory, take: () => reads.splice(0).length };
}

test('blocks are read by the entrypoint once, and then served from its cache', async () => {
  const { ask, seen, kept, take } = await setting(true);
  expect((await ask()).body).toEqual(bytes);
  const cold = take();
  expect(cold).toBeGreaterThan(0);
  expect((await ask()).body).toEqual(bytes);
  take();
  // All blocks are stored by now.
  for (const [start, end] of [
    [0, SIZE],
    [BLOCK - 1, 3 * BLOCK + 1],
    [SIZE - 1, SIZE],
  ] as const) {
    const { response, body } = await ask(`bytes=${start}-${end - 1}`);
    expect(body).toEqual(bytes.subarray(start, end));
    expect(response.headers.get('Cache-Status')).toMatch(/^Rangeway; hit/);
  }
  expect(take()).toBe(0);
  expect(kept.size).toBe(6);
  expect(new Set(seen)).toEqual(new Set(['public, max-age=31536000, immutable, no-transform']));
});

test('if nothing is stored, each block is read for each request, and all responses are right', async () => {
  const { ask } = await setting(false);
  for (let i = 0; i < 2; i++) {
    expect((await ask()).body).toEqual(bytes);
    expect((await ask(`bytes=${BLOCK + 10}-${3 * BLOCK}`)).body).toEqual(bytes.subarray(BLOCK + 10, 3 * BLOCK + 1));
  }
});

test('a block of a replaced version is not stored, and the response is of the new version', async () => {
  const { ask, memory, kept } = await setting(true);
  await ask('bytes=0-99999');
  kept.clear();
  const changed = bytes.map((byte) => byte ^ 255);
  await memory.put('key', changed);
  const { response, body } = await ask();
  expect([response.status, body]).toEqual([200, changed]);
});

test.each([
  '',
  '?name=',
  '?name=[]',
  '?name=["","key","e",1,2]',
  '?name=["","key","e",1,2,"3"]',
  '?name={',
  '?name=["none","k","e",1,0,1]',
])('the entrypoint responds to %j without a block and with no-store', async (query) => {
  const { cache } = platform(true);
  const response = await cache.answer(new Request(`https://blocks.invalid/${query}`));
  expect([response.status, response.headers.get('Cache-Control')]).toEqual([404, 'no-store']);
});
