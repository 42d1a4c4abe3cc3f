import { expect, test } from 'vitest';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { describeContentTypes } from '../../contract/content-types.ts';
import { describeListableStore } from '../../contract/listable-store.ts';
import { describeObjectStore } from '../../contract/object-store.ts';

async function harness() {
  const store = memoryStore();
  return { store, put: async (key: string, bytes: Uint8Array) => void (await store.put(key, bytes)) };
}

describeObjectStore('memory', harness);
describeListableStore('memory', harness, 100_000);

describeContentTypes('memory', async () => {
  const store = memoryStore();
  const put = (key: string, contentType: string | undefined) =>
    store.put(key, new Uint8Array(3), contentType === undefined ? {} : { contentType });
  return { store, put };
});

test('a deleted object is missing', async () => {
  const store = memoryStore();
  await store.put('gone', new Uint8Array(3));
  store.delete('gone');
  expect(await store.read('gone')).toEqual({ type: 'missing' });
});

test('metadata given to put are returned by head and read', async () => {
  const store = memoryStore();
  const metadata = { contentType: 'text/css', contentEncoding: 'br', cacheControl: 'no-cache', expires: '0' };
  await store.put('styled', new Uint8Array(3), metadata);
  expect(await store.head('styled')).toMatchObject(metadata);
});

test('put copies: later changes of the caller’s buffer do not change the object', async () => {
  const store = memoryStore();
  const bytes = new Uint8Array([1, 2, 3]);
  await store.put('copied', bytes);
  bytes[0] = 9;
  const result = await store.read('copied');
  expect(result.type === 'open' && (await new Response(result.body).bytes())).toEqual(new Uint8Array([1, 2, 3]));
});

test('keeps its own copy of a Buffer, whose slice would be a view', async () => {
  const store = memoryStore();
  const buffer = Buffer.from('old');
  await store.put('key', buffer);
  buffer.write('new');
  const result = await store.read('key');
  expect(result.type === 'open' && (await new Response(result.body).text())).toBe('old');
});
