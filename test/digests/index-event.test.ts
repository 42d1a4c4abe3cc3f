import { expect, test, vi } from 'vitest';
import { indexEvent, type ObjectEvent } from '../../src/digests/index-event.ts';
import type { IndexedStorage } from '../../src/digests/index-objects.ts';
import { decodePieceIndex, pieceIndexKey } from '../../src/digests/piece-index.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';

/** A storage in memory, with the keys that were asked for. */
function storage(indexPrefix = '') {
  const store = memoryStore();
  const asked: string[] = [];
  const indexed: IndexedStorage = {
    objects: { ...store, head: (key, options) => (asked.push(key), store.head(key, options)) },
    indexes: store,
    indexPrefix,
    async *list() {},
    async *listIndexes() {},
    put: async (key, bytes) => void (await store.put(key, bytes)),
    remove: async (key) => store.delete(key),
  };
  const indexOf = async (key: string) => {
    const read = await store.read(indexPrefix + (await pieceIndexKey(key)));
    return read.type === 'open'
      ? decodePieceIndex(new Uint8Array(await new Response(read.body).arrayBuffer()))
      : undefined;
  };
  const send = (type: ObjectEvent['type'], key: string, size?: number, maxSize = 1024 ** 3) =>
    indexEvent(indexed, { type, key, size }, { hashing: nodeHashing, maxSize });
  return { store, asked, indexOf, send };
}

test.for(['', 'v1/'])('an object gets its index below %j, and loses it when it is deleted', async (prefix) => {
  const { store, indexOf, send } = storage(prefix);
  await store.put('a/ünï +%.bin', new TextEncoder().encode('123456789'));
  await send('created', 'a/ünï +%.bin');
  expect(await indexOf('a/ünï +%.bin')).toMatchObject({ size: 9, crc32: 0xcbf4_3926 });
  await send('deleted', 'a/ünï +%.bin');
  expect(await indexOf('a/ünï +%.bin'), 'the event is late: the object is there').toBeDefined();
  store.delete('a/ünï +%.bin');
  await send('created', 'a/ünï +%.bin');
  expect(await indexOf('a/ünï +%.bin'), 'an event of an object that is gone builds none').toBeDefined();
  await send('deleted', 'a/ünï +%.bin');
  expect(await indexOf('a/ünï +%.bin')).toBeUndefined();
});

test.for(['.rangeway/pieces/x', '.rangeway/x', 'v1/.rangeway/pieces/x', 'a/.rangeway'])(
  'events of %s are dropped before anything is asked',
  async (key) => {
    const { store, asked, indexOf, send } = storage('v1/');
    await store.put(key, new Uint8Array(1));
    await send('created', key);
    await send('deleted', key);
    expect([asked, await indexOf(key)]).toEqual([[], undefined]);
  },
);

test('an object over the limit is told in the log: by the event, and where it is larger by now', async () => {
  const { store, asked, indexOf, send } = storage();
  const log = vi.spyOn(console, 'error').mockReturnValue();
  await store.put('large', new Uint8Array(2));
  await send('created', 'large', 2 * 1024 ** 3);
  expect(asked).toEqual([]);
  await send('created', 'large', 1, 1);
  expect(await indexOf('large')).toBeUndefined();
  expect(log.mock.calls.map(([text]) => String(text))).toEqual([
    'rangeway: "large": over 1 GiB; rangeway index builds its piece index',
    expect.stringMatching(/^rangeway: "large": over .* GiB; rangeway index builds its piece index$/),
  ]);
  log.mockRestore();
});
