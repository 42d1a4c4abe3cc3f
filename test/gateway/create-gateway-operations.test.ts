import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { fsStore } from '../../src/store/drivers/fs/fs-store.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { countPulls, describeStorageOperations, SIZE } from '../contract/storage-operations.ts';

/** Counts each call of a store as an operation, and a body when its first byte is read. */
function counted(store: ObjectStore) {
  let operations = 0;
  let bodies = 0;
  const take = (read: () => number, reset: () => void) => () => {
    const count = read();
    reset();
    return count;
  };
  return {
    store: {
      head: (...args: Parameters<ObjectStore['head']>) => (operations++, store.head(...args)),
      async read(...args: Parameters<ObjectStore['read']>) {
        operations++;
        const result = await store.read(...args);
        return result.type === 'open' ? { ...result, body: countPulls(result.body, () => bodies++) } : result;
      },
    },
    operations: take(
      () => operations,
      () => (operations = 0),
    ),
    bodiesRead: take(
      () => bodies,
      () => (bodies = 0),
    ),
    tellsSizeWhenUnsatisfiable: true,
    tellsMetadataWhenUnmodified: true,
  };
}

describeStorageOperations('memory', async () => {
  const store = memoryStore();
  await store.put('object', new Uint8Array(SIZE));
  await store.put('empty', new Uint8Array(0));
  return { ...counted(store), replace: async () => void (await store.put('object', new Uint8Array(SIZE).fill(1))) };
});

const folder = await mkdtemp(join(tmpdir(), 'rangeway-operations-'));
afterAll(() => rm(folder, { recursive: true }));

describeStorageOperations('a folder', async () => {
  await writeFile(join(folder, 'object'), new Uint8Array(SIZE));
  await writeFile(join(folder, 'empty'), '');
  return {
    ...counted(fsStore(folder)),
    replace: () => writeFile(join(folder, 'object'), new Uint8Array(SIZE).fill(1)),
  };
});
