import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildPieceIndex } from '../../src/digests/build-piece-index.ts';
import { indexObject } from '../../src/digests/index-objects.ts';
import { decodePieceIndex } from '../../src/digests/piece-index.ts';
import { indexedFolder } from '../../src/cli/index/indexed-folder.ts';
import { nodeHashing } from '../../src/platform/node/piece-hashing.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { createHash } from 'node:crypto';
import type { ObjectStore } from '../../src/store/object-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'rangeway-build-'));
afterAll(() => rm(folder, { recursive: true }));

const filled = (value: number) => Buffer.alloc(3 * 2 ** 20, value);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a file that is replaced at any time while it is indexed never gets an index of mixed bytes', async () => {
  const path = join(folder, 'key');
  const storage = indexedFolder(folder, false);
  let version = 0;
  for (let at = 1; at <= 12; at++) {
    await writeFile(path, filled(++version));
    let chunks = 0;
    // Written in place, which a reader that has the file open sees.
    const onBytes = () => {
      if (++chunks !== at) return;
      const file = openSync(path, 'r+');
      writeSync(file, filled(++version));
      closeSync(file);
    };
    const written: Uint8Array[] = [];
    const put = async (_: string, bytes: Uint8Array) => void written.push(bytes);
    const object = { key: 'key', size: filled(0).length };
    const result = await indexObject({ ...storage, put }, object, { hashing: nodeHashing, onBytes });
    expect(result.type === 'built').toBe(written.length === 1);
    for (const bytes of written) {
      const index = await decodePieceIndex(new Uint8Array(bytes));
      const whole = Buffer.from(index?.sha256 ?? []).toString('hex');
      const pure = Array.from({ length: version }, (_, i) => sha256(filled(i + 1)));
      expect(pure).toContain(whole);
      const etag = (await storage.objects.head('key'))?.etag;
      if (index?.etag === etag?.opaque) expect(whole).toBe(sha256(filled(version)));
    }
  }
});

test('a body that is shorter or longer than the object makes no index', async () => {
  const memory = memoryStore();
  await memory.put('key', filled(1));
  for (const size of [filled(1).length - 1, filled(1).length + 1]) {
    const lying: ObjectStore = {
      head: memory.head,
      async read(key, options) {
        const result = await memory.read(key, options);
        return result.type === 'open' ? { ...result, representation: { ...result.representation, size } } : result;
      },
    };
    await expect(buildPieceIndex(lying, 'key', 'key', nodeHashing)).rejects.toMatchObject({ code: 'invalid-response' });
  }
});

test.for([
  [{ weak: true, opaque: 'x' }, 10, 'untagged'],
  [undefined, 10, 'untagged'],
  [{ weak: false, opaque: 'x' }, 2 ** 44 + 1, 'too-large'],
] as const)('an object without a strong tag, or of over 16 TiB, gets none: %o', async ([etag, size, type]) => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) });
  const store: ObjectStore = {
    head: async () => ({ size, etag }),
    read: async () => ({ type: 'open', representation: { size, etag }, span: { start: 0, end: size }, body }),
  };
  expect(await buildPieceIndex(store, 'key', 'key', nodeHashing)).toEqual({ type });
  expect(isCancelled).toBe(true);
});
