import {
  isPinnable,
  equalSpans,
  spanLength,
  type Metadata,
  type Pinnable,
  type Preconditions,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { ObjectStore, OpenObject, ReadOptions, ReadResult } from '../store/object-store.ts';
import { evaluateRead } from '../store/evaluate-read.ts';
import { isArchived } from '../store/store-error.ts';
import { widenUnknown, type Admission } from './admission.ts';
import type { FillReader } from './fill.ts';
import type { FillRegistry } from './fill-registry.ts';
import { blocksOf, holdsWholeBlock } from './grid.ts';
import type { TrackedCall, MetadataResult, MetadataCache, SaveMetadata } from './metadata-cache.ts';

/** The options of a read, with the counters of the cache for this request. */
export type TrackedRead = ReadOptions & TrackedCall;

/** The parts of the cache that a storage request uses. */
export interface FetchDependencies {
  readonly store: ObjectStore;
  readonly metadata: MetadataCache;
  readonly fills: FillRegistry;
  readonly admission: Admission;
  /** `blockSize` in bytes; a response of more than `maxBlocks` blocks is not cached. */
  readonly settings: { readonly blockSize: number; readonly maxBlocks: number };
}

/** The result of a storage request: the metadata of the object, or the whole result of the read. */
export type FetchResult =
  | KnownVersion
  | { readonly type: 'absent' }
  | { readonly type: 'read-result'; readonly result: ReadResult };

/** The metadata of an object. If the storage request had a body that is cached, `fillReader` reads the fill of that body. */
export type KnownVersion = Extract<MetadataResult, { readonly type: 'present' }> & {
  readonly fillReader?: FillReader | undefined;
};

/**
 * Sends one storage request for an object without fresh metadata: a read of the bytes that the client most likely gets,
 * so that metadata and bytes take one operation.
 *
 * @param options the client's read
 * @param stale the expired representation, which is revalidated by its entity tag
 * @param save stores the metadata
 * @throws StoreError if the storage request fails
 */
export async function fetchFromStorage(
  dependencies: FetchDependencies,
  key: string,
  options: TrackedRead,
  stale: Representation | undefined,
  save: SaveMetadata,
): Promise<FetchResult> {
  const { store, metadata, fills, settings } = dependencies;
  const { stats, conditions } = options;
  const pinned = stale !== undefined && isPinnable(stale) ? stale : undefined;
  // A 304 may come without the size. Its metadata could not be cached, and the next request would need the storage again.
  if (pinned === undefined && mayBeUnmodified(conditions)) return metadata.fetchHead(key, options, save);
  let isForbidden = false;
  const readOptions = {
    stats,
    range: fills.hasMemory(settings.blockSize) ? widenUnknown(options.range, settings.blockSize) : options.range,
    conditions: pinned === undefined ? conditions : { ifNoneMatch: [pinned.etag] },
    onForbidden: () => (isForbidden = true),
  };
  const result = await store.read(key, readOptions).catch((error: unknown) => {
    if (isArchived(error)) return undefined;
    throw error;
  });
  // The metadata of an archived object can be read, and its blocks may be cached.
  if (result === undefined) return metadata.fetchHead(key, options, save);
  switch (result.type) {
    case 'open':
      save(result.representation);
      return fillFromBody(dependencies, key, options, result);
    case 'missing':
      if (!isForbidden) save(undefined);
      return { type: 'absent' };
    case 'unmodified':
      if (pinned === undefined) return metadata.fetchHead(key, options, save);
      return savePresent(mergeMetadata(pinned, result.metadata), save);
    case 'version-changed':
      if (result.representation !== undefined) save(result.representation);
      return { type: 'read-result', result };
    case 'unsatisfiable':
      // The object is empty, or the range is beyond its end. Only the metadata can tell.
      return result.representation === undefined
        ? metadata.fetchHead(key, options, save)
        : savePresent(result.representation, save);
  }
}

/** Uses the body of a storage request: for a fill, or as the result of the read. Closes it if it is neither. */
async function fillFromBody(
  dependencies: FetchDependencies,
  key: string,
  options: TrackedRead,
  opened: OpenObject,
): Promise<FetchResult> {
  const { fills, admission, settings } = dependencies;
  const { representation, body, span } = opened;
  const { size } = representation;
  const evaluation = evaluateRead(representation, options);
  if (evaluation.type === 'span' && isPinnable(representation)) {
    const object = { key, representation };
    const isCacheable = holdsWholeBlock(span, settings.blockSize, size) && isWithinBounds(span, settings);
    const fillReader = isCacheable ? fills.start(object, span, options, body) : undefined;
    if (fillReader !== undefined) return { ...present(representation), fillReader };
    options.cacheStats.misses += spanLength(blocksOf(span, settings.blockSize));
    admission.recordUse(object, span);
  } else if (evaluation.type === 'span') options.cacheStats.forward = 'bypass';
  if (evaluation.type === 'span' && equalSpans(evaluation.span, span)) return { type: 'read-result', result: opened };
  await body.cancel().catch(() => undefined);
  return present(representation);
}

/** Whether a response of `span` has at most `maxBlocks` blocks, so that it is read through the cache. */
export function isWithinBounds(span: Span, { blockSize, maxBlocks }: FetchDependencies['settings']): boolean {
  return spanLength(blocksOf(span, blockSize)) <= maxBlocks;
}

function present(representation: Representation): KnownVersion {
  return { type: 'present', representation, isFetched: true };
}

function savePresent(representation: Representation, save: SaveMetadata): KnownVersion {
  save(representation);
  return present(representation);
}

function mayBeUnmodified({ ifNoneMatch, ifModifiedSince }: Preconditions = {}): boolean {
  return ifNoneMatch !== undefined || ifModifiedSince !== undefined;
}

/** Updates a stored representation with the fields of a 304 response (RFC 9111, section 3.2); others are unchanged. */
function mergeMetadata(stored: Pinnable, updates: Metadata = {}): Representation {
  const fields = Object.entries(updates).filter(([, value]) => value !== undefined);
  return { ...stored, ...Object.fromEntries(fields), etag: stored.etag, size: stored.size };
}
