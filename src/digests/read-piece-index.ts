import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { decodePieceIndex, isLaterVersion, MAX_INDEX_LENGTH, pieceIndexKey, type PieceIndex } from './piece-index.ts';

/** The stored index of an object, of whatever version. */
export type StoredIndex =
  | { readonly type: 'found'; readonly index: PieceIndex; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'none' }
  /** Damaged, or another file. `isLater` if its first byte says that it has a later format. */
  | { readonly type: 'invalid'; readonly isLater: boolean };

/**
 * Reads the index of an object.
 *
 * @param indexes the store of the indexes
 * @param prefix of the setting `pieces`
 * @param key of the object in its bucket
 * @returns `found` if the index is complete and has that key; its tag may be that of another version
 * @throws StoreError if the store can't be read
 */
export async function readPieceIndex(
  indexes: ObjectStore,
  prefix: string,
  key: string,
  call: Pick<CallOptions, 'stats' | 'signal'> = {},
): Promise<StoredIndex> {
  const stored = await readIndexAt(indexes, prefix + (await pieceIndexKey(key)), call);
  return stored.type === 'found' && stored.index.key !== key ? { type: 'invalid', isLater: false } : stored;
}

/**
 * Reads an index by its own key.
 *
 * @param indexKey as {@link pieceIndexKey} returns it, below the prefix of the setting `pieces`
 */
export async function readIndexAt(
  indexes: ObjectStore,
  indexKey: string,
  call: Pick<CallOptions, 'stats' | 'signal'> = {},
): Promise<StoredIndex> {
  const read = await indexes.read(indexKey, call);
  if (read.type !== 'open') return { type: 'none' };
  const { size } = read.representation;
  if (size > MAX_INDEX_LENGTH) {
    await read.body.cancel().catch(() => undefined);
    return { type: 'invalid', isLater: false };
  }
  const bytes = new Uint8Array(await new Response(read.body).arrayBuffer());
  const index = await decodePieceIndex(bytes);
  return index === undefined ? { type: 'invalid', isLater: isLaterVersion(bytes) } : { type: 'found', index, bytes };
}
