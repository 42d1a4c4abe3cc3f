import { describe, expect, test } from 'vitest';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { storeError } from '../../src/store/store-error.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { withInterruptions } from '../store/with-interruptions.ts';
import { counted, until } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';

/** Six windows, the last of them short. */
const SMALL = pseudoRandom(20_500);

/** A store whose object can be switched to archived. */
function archivable(store: ObjectStore) {
  const state = { isArchived: false };
  const archived: ObjectStore = {
    head: (...args) => store.head(...args),
    async read(...args) {
      if (state.isArchived) throw storeError('archived', 'it is archived');
      return store.read(...args);
    },
  };
  return { state, store: archived };
}

describe('an object that is archived while it is sent', () => {
  test('a body from the block cache ends with its version, by the read that is already open', async () => {
    const memory = memoryStore();
    await memory.put('key', SMALL);
    const storage = counted(memory);
    const { state, store } = archivable(storage);
    const blocks = withBlockCache(store, mapCache(), { blockSize: 1_000 });
    const result = await blocks.read('key');
    if (result.type !== 'open') throw new Error(result.type);
    const reader = result.body.getReader();
    const chunks: Uint8Array[] = [];
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) break;
      chunks.push(value);
      state.isArchived = true;
    }
    expect(equal(Buffer.concat(chunks), SMALL)).toBe(true);
    await until(() => storage.open === 0);
  });

  test('a read with only the first window cached is refused before the first byte', async () => {
    const memory = memoryStore();
    await memory.put('key', SMALL);
    const { state, store } = archivable(memory);
    const blocks = withBlockCache(store, mapCache(), { blockSize: 1_000 });
    const first = await blocks.read('key', { range: { form: 'bounded', start: 0, end: 4_000 } });
    if (first.type === 'open') await new Response(first.body).arrayBuffer();
    state.isArchived = true;
    await expect(blocks.read('key')).rejects.toMatchObject({ code: 'archived' });
  });

  test.each([true, false])(
    'a body is resumed by its version id, if that version is not archived: %s',
    async (isAtHand) => {
      const memory = memoryStore();
      await memory.put('key', SMALL);
      let reads = 0;
      const versioned: ObjectStore = {
        head: (...args) => memory.head(...args),
        async read(key, asked = {}) {
          // The second read finds a new version, which was uploaded to an archive class.
          if (reads++ > 0 && (asked.version === undefined || !isAtHand)) throw storeError('archived', 'it is archived');
          const result = await memory.read(key, { ...asked, version: undefined });
          return result.type === 'open'
            ? { ...result, representation: { ...result.representation, version: 'v1' } }
            : result;
        },
      };
      const cut = withInterruptions(versioned, (read) => (read === 0 ? { how: 'fails', after: 9_000 } : undefined));
      const result = await withResume(cut, { backoff: { first: 1, most: 1 } }).read('key');
      if (result.type !== 'open') throw new Error(result.type);
      const body = new Response(result.body).arrayBuffer();
      if (isAtHand) expect(equal(new Uint8Array(await body), SMALL)).toBe(true);
      else await expect(body).rejects.toMatchObject({ code: 'archived' });
    },
  );
});
