import { isReservedKey } from '../store/key-rules.ts';
import { indexObject, type IndexedStorage, type IndexingOptions } from './index-objects.ts';
import { pieceIndexKey } from './piece-index.ts';

/** A change of one object, as a storage reports it. */
export interface ObjectEvent {
  readonly type: 'created' | 'deleted';
  /** Of the object in its bucket, decoded. */
  readonly key: string;
  /** In bytes, of the version that the event is about; it may be replaced by now. */
  readonly size?: number | undefined;
}

/** Options of {@link indexEvent}. */
export interface EventOptions extends Pick<IndexingOptions, 'hashing' | 'onBytes' | 'toReader'> {
  /** The largest object that is indexed, in bytes, because of a limit of the platform. */
  readonly maxSize: number;
}

/**
 * Builds the piece index of an object that was stored, or removes that of an object that was deleted. Events may come
 * late, twice, or in another order than they happened: the object itself is asked for its size and tag.
 *
 * @throws StoreError, or the error of `put` or `remove`, if the event has to be delivered again
 */
export async function indexEvent(
  storage: IndexedStorage,
  { type, key, size = 0 }: ObjectEvent,
  { maxSize, ...options }: EventOptions,
): Promise<void> {
  // The index that is written is an object of the bucket too, and causes an event.
  if (isReservedKey(key)) return;
  // Without asking for it, if the event tells it already.
  if (type === 'created' && size > maxSize) return tell(key, tooLarge(maxSize));
  const current = await storage.objects.head(key);
  if (current === undefined) {
    if (type === 'deleted') await storage.remove(storage.indexPrefix + (await pieceIndexKey(key)));
    return;
  }
  if (type === 'deleted') return;
  if (current.size > maxSize) return tell(key, tooLarge(maxSize));
  const result = await indexObject(storage, { key, size: current.size }, options);
  if (result.type === 'skipped') tell(key, `no index, because ${result.reason}`);
}

/** The bytes of a GiB. */
const GIB = 1024 ** 3;

function tooLarge(maxSize: number): string {
  return `over ${maxSize / GIB} GiB; rangeway index builds its piece index`;
}

function tell(key: string, text: string): void {
  console.error(`rangeway: ${JSON.stringify(key)}: ${text}`);
}
