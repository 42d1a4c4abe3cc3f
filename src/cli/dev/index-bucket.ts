import { Readable } from 'node:stream';
import { indexObjects, pruneIndexes, type IndexedStorage } from '../../digests/index-objects.ts';
import { PIECES_FOLDER } from '../../digests/piece-index.ts';
import { nodeHashing } from '../../platform/node/piece-hashing.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { storeError } from '../../store/store-error.ts';
import { say } from '../say.ts';
import type { LocalBucket } from './local-bucket.ts';
import { plural } from '../progress.ts';
import type { Workerd } from './workerd.ts';

/**
 * Makes a function that builds the piece indexes of a local bucket in the background, if a mount has them. One run at a
 * time: a call during a run causes another one after it.
 */
export function indexBuilder({ bucket, settings }: Pick<Workerd, 'bucket' | 'settings'>): () => void {
  const mount = settings.mounts.find(({ pieces }) => pieces !== false);
  if (mount === undefined) return () => undefined;
  const prefix = typeof mount.pieces === 'object' ? (mount.pieces.prefix ?? '') : '';
  const storage = indexedLocalBucket(bucket, prefix);
  let isRunning = false;
  let isDue = false;
  async function run(): Promise<void> {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      await build(storage).catch((error: unknown) =>
        say(`the piece indexes could not be built: ${error instanceof Error ? error.message : 'unknown error'}`),
      );
    }
    isRunning = false;
  }
  return () => void run();
}

async function build(storage: IndexedStorage): Promise<void> {
  let built = 0;
  await indexObjects(storage, {
    hashing: nodeHashing,
    concurrency: 1,
    onResult({ key }, result) {
      if (result.type === 'built') built++;
      if (result.type === 'failed') say(`${key}: no piece index: ${String(result.error)}`);
    },
  });
  await pruneIndexes(storage, '', (indexKey) => storage.remove(indexKey));
  if (built > 0) say(`${plural(built, 'piece index', 'piece indexes')} built`);
}

function indexedLocalBucket(bucket: LocalBucket, indexPrefix: string): IndexedStorage {
  const objects = wholeObjects(bucket);
  const isIndex = (key: string) => key.startsWith(indexPrefix + PIECES_FOLDER);
  return {
    objects,
    indexes: objects,
    indexPrefix,
    async *list() {
      for (const { key, size, etag } of await bucket.list())
        if (!isIndex(key)) yield { key, size, etag: { weak: false, opaque: etag } };
    },
    async *listIndexes() {
      for (const { key } of await bucket.list()) if (isIndex(key)) yield key;
    },
    put: (indexKey, bytes) => bucket.putBytes(indexKey, bytes),
    remove: (indexKey) => bucket.delete(indexKey),
  };
}

/** The local bucket as a store of whole objects, which is all that the builder reads. */
function wholeObjects(bucket: LocalBucket): ObjectStore {
  return {
    async head(key) {
      const opened = await bucket.read(key);
      opened?.body.destroy();
      return opened === undefined ? undefined : toRepresentation(opened);
    },
    async read(key, { range, conditions } = {}) {
      if ((range ?? conditions) !== undefined) throw storeError('unavailable', 'only whole objects are read here');
      const opened = await bucket.read(key);
      if (opened === undefined) return { type: 'missing' };
      const body: ReadableStream<Uint8Array> = Readable.toWeb(opened.body);
      return { type: 'open', representation: toRepresentation(opened), span: { start: 0, end: opened.size }, body };
    },
  };
}

function toRepresentation({ size, etag }: { readonly size: number; readonly etag: string }) {
  return { size, etag: { weak: false, opaque: etag } };
}
