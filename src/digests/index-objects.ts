import type { EntityTag } from '../http/index.ts';
import type { ToReader } from '../store/chunk-stream.ts';
import { isReadableKey, isReservedKey } from '../store/key-rules.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { isVersionChanged } from '../store/store-error.ts';
import { buildPieceIndex, type Hashing } from './build-piece-index.ts';
import { encodePieceIndex, pieceIndexKey } from './piece-index.ts';
import { readIndexAt, readPieceIndex } from './read-piece-index.ts';

/** An object as a storage lists it. */
export interface IndexableObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** Absent if the storage does not list it. */
  readonly etag?: EntityTag | undefined;
}

/** A bucket or folder whose objects get indexes. All keys are those of the bucket, without the prefix of a mount. */
export interface IndexedStorage {
  readonly objects: ObjectStore;
  readonly indexes: ObjectStore;
  /** Of the setting `pieces`, before {@link PIECES_FOLDER}. */
  readonly indexPrefix: string;
  /** Lists the objects whose keys begin with the prefix of the run, in any order. */
  list(): AsyncIterable<IndexableObject>;
  /** Lists the keys of all indexes. */
  listIndexes(): AsyncIterable<string>;
  /** Stores an index at once: a reader sees the one before or the new one. Throws if it is not allowed. */
  put(indexKey: string, bytes: Uint8Array): Promise<void>;
  remove(indexKey: string): Promise<void>;
}

/** The result for one object. */
export type IndexResult =
  | { readonly type: 'built' }
  /** It has an index of its current version. */
  | { readonly type: 'current' }
  /** It no longer exists, or can't have an index, for a reason that is no failure. */
  | { readonly type: 'skipped'; readonly reason: string }
  | { readonly type: 'failed'; readonly error: unknown };

/** Options of {@link indexObjects}. */
export interface IndexingOptions {
  readonly hashing: Hashing;
  /** Objects that are read at the same time. */
  readonly concurrency: number;
  /** Whether nothing is read or written that a build would read or write; `built` then means that it would be. */
  readonly isDry?: boolean | undefined;
  readonly onBytes?: ((count: number) => void) | undefined;
  /** Opens bodies; by default chunk by chunk, as they come. */
  readonly toReader?: ToReader | undefined;
  readonly onResult: (object: IndexableObject, result: IndexResult) => void;
}

/**
 * Builds the indexes that are missing, or that are of another version. Finished indexes are skipped, so a run that was
 * killed is continued by the next. A failure of one object does not end the run.
 *
 * @throws the error of a storage that can't be listed
 */
export async function indexObjects(storage: IndexedStorage, options: IndexingOptions): Promise<void> {
  const objects = storage.list()[Symbol.asyncIterator]();
  async function work(): Promise<void> {
    for (;;) {
      const { done, value } = await objects.next();
      if (done === true) return;
      const result = await indexObject(storage, value, options).catch((error: unknown): IndexResult => ({
        type: 'failed',
        error,
      }));
      options.onResult(value, result);
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, work));
}

/** How often an object is read that changes while it is read. */
const MAX_TRIES = 3;

/**
 * Builds the index of one object, if it has no current one.
 *
 * @throws StoreError if the object can't be read; the error of `put`
 */
export async function indexObject(
  storage: IndexedStorage,
  { key, size, etag: listed }: IndexableObject,
  { hashing, isDry = false, onBytes, toReader }: Pick<IndexingOptions, 'hashing' | 'isDry' | 'onBytes' | 'toReader'>,
): Promise<IndexResult> {
  if (isReservedKey(key)) return { type: 'skipped', reason: 'it is kept for Rangeway itself' };
  if (!isReadableKey(key)) return { type: 'skipped', reason: 'no gateway serves such a key' };
  const { objects, indexes, indexPrefix } = storage;
  const stored = await readPieceIndex(indexes, indexPrefix, key);
  if (stored.type === 'invalid' && stored.isLater)
    return { type: 'skipped', reason: 'it has an index of a later format' };
  const etag = listed ?? (stored.type === 'found' || isDry ? (await objects.head(key))?.etag : undefined);
  const isCurrent =
    stored.type === 'found' && etag?.weak === false && stored.index.etag === etag.opaque && stored.index.size === size;
  if (isCurrent) return { type: 'current' };
  if (isDry) return { type: 'built' };
  for (let tries = 1; ; tries++) {
    try {
      const built = await buildPieceIndex(objects, key, key, hashing, onBytes, toReader);
      if (built.type !== 'built') return { type: 'skipped', reason: REASONS[built.type] };
      await storage.put(indexPrefix + (await pieceIndexKey(key)), await encodePieceIndex(built.index));
      return { type: 'built' };
    } catch (error) {
      if (!isVersionChanged(error) || tries === MAX_TRIES) throw error;
    }
  }
}

const REASONS = {
  missing: 'it no longer exists',
  untagged: 'it is being written, or its storage gives it no strong entity tag',
  'too-large': 'it has more than 16 TiB',
} as const;

/**
 * Removes the indexes of objects that no longer exist, and files among them that are no indexes. An index of a later
 * format stays.
 *
 * @param prefix of the run: indexes of other keys stay
 * @param remove called with the key of each orphan, and of its object if it is known
 */
export async function pruneIndexes(
  storage: IndexedStorage,
  prefix: string,
  remove: (indexKey: string, key: string | undefined) => Promise<void>,
): Promise<void> {
  const { objects, indexes } = storage;
  for await (const indexKey of storage.listIndexes()) {
    const stored = await readIndexAt(indexes, indexKey);
    if (stored.type === 'none' || (stored.type === 'invalid' && (stored.isLater || prefix !== ''))) continue;
    if (stored.type === 'invalid') {
      await remove(indexKey, undefined);
      continue;
    }
    const { key } = stored.index;
    if (!key.startsWith(prefix)) continue;
    const isMisplaced = !indexKey.endsWith(await pieceIndexKey(key));
    if (isMisplaced || (await objects.head(key)) === undefined) await remove(indexKey, key);
  }
}
