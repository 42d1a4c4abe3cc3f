import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { createGateway, memoryCache, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

let server: NodeServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.stop(100);
});

const text = (value: string) => new TextEncoder().encode(value);
const get = async (key: string) => {
  const response = await fetch(`${server?.url}/${key}`);
  return `${response.status} ${response.ok ? await response.text() : ''}`;
};

test('after the wall clock is set back an hour, neither old metadata nor a cached 404 stays fresh for that hour', async () => {
  const store = memoryStore();
  await store.put('replaced', text('old'));
  const cache = memoryCache({ maxBytes: 1024 * 1024 });
  const blocks = { ttl: 200, negativeTtl: 200 };
  server = await serve(createGateway({ store, cache, blocks, observers: [{ end: () => undefined }] }), { port: 0 });
  expect([await get('replaced'), await get('new')]).toEqual(['200 old', '404 ']);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  await store.put('replaced', text('new'));
  await store.put('new', text('new'));
  await sleep(250);
  expect([await get('replaced'), await get('new')]).toEqual(['200 new', '200 new']);
});
