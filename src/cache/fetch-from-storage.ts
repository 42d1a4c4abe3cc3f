import {
  isPinnable,
  sameSpan,
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
import type { TrackedCall, MetadataResult, MetadataCache, Remember } from './metadata-cache.ts';

export type TrackedRead = ReadOptions & TrackedCall;

/** What is asked, and what takes the answer. */
export interface FetchDependencies {
  readonly store: ObjectStore;
  readonly metadata: MetadataCache;
  readonly fills: FillRegistry;
  readonly admission: Admission;
  readonly settings: { readonly blockSize: number; readonly maxBlocks: number };
}

/** What the question for an object brings: what is known of it now, or the answer itself. */
export type FetchResult =
  | KnownVersion
  | { readonly type: 'absent' }
  | { readonly type: 'answer'; readonly result: ReadResult };

/** `fillReader` is at the fill of the body that the answer had. */
export type KnownVersion = Extract<MetadataResult, { readonly type: 'present' }> & {
  readonly fillReader?: FillReader | undefined;
};

/** Asks the storage about an object, by a read that brings the bytes that its client most likely gets. */
export async function fetchFromStorage(
  parts: FetchDependencies,
  key: string,
  asked: TrackedRead,
  old: Representation | undefined,
  remember: Remember,
): Promise<FetchResult> {
  const { store, metadata, fills, settings } = parts;
  const { stats, conditions } = asked;
  const pinned = old !== undefined && isPinnable(old) ? old : undefined;
  // A 304 need not tell the size, without which the next request would have to ask again.
  if (pinned === undefined && mayBeUnmodified(conditions)) return metadata.fetchHead(key, asked, remember);
  let isForbidden = false;
  const call = {
    stats,
    range: fills.hasMemory(settings.blockSize) ? widenUnknown(asked.range, settings.blockSize) : asked.range,
    conditions: pinned === undefined ? conditions : { ifNoneMatch: [pinned.etag] },
    onForbidden: () => (isForbidden = true),
  };
  const result = await store.read(key, call).catch((error: unknown) => {
    if (isArchived(error)) return undefined;
    throw error;
  });
  // The metadata of an archived object can be asked for, and its blocks may be cached.
  if (result === undefined) return metadata.fetchHead(key, asked, remember);
  switch (result.type) {
    case 'open':
      remember(result.representation);
      return fillFromBody(parts, key, asked, result);
    case 'missing':
      if (!isForbidden) remember(undefined);
      return { type: 'absent' };
    case 'unmodified':
      if (pinned === undefined) return metadata.fetchHead(key, asked, remember);
      return rememberPresent(refreshed(pinned, result.metadata), remember);
    case 'version-changed':
      if (result.representation !== undefined) remember(result.representation);
      return { type: 'answer', result };
    case 'unsatisfiable':
      // An object without bytes, or a range beyond its end: which one, only the metadata tell.
      return result.representation === undefined
        ? metadata.fetchHead(key, asked, remember)
        : rememberPresent(result.representation, remember);
  }
}

/** Makes a fill of the body that a question has brought, or the answer, or gives it back. */
async function fillFromBody(
  parts: FetchDependencies,
  key: string,
  asked: TrackedRead,
  opened: OpenObject,
): Promise<FetchResult> {
  const { fills, admission, settings } = parts;
  const { representation, body, span } = opened;
  const { size } = representation;
  const evaluation = evaluateRead(representation, asked);
  if (evaluation.type === 'span' && isPinnable(representation)) {
    const object = { key, representation };
    const isToKeep = holdsWholeBlock(span, settings.blockSize, size) && isWithinBounds(span, settings);
    const fillReader = isToKeep ? fills.start(object, span, asked, body) : undefined;
    if (fillReader !== undefined) return { ...present(representation), fillReader };
    asked.cacheStats.misses += spanLength(blocksOf(span, settings.blockSize));
    admission.widen(object, span);
  } else if (evaluation.type === 'span') asked.cacheStats.forward = 'bypass';
  if (evaluation.type === 'span' && sameSpan(evaluation.span, span)) return { type: 'answer', result: opened };
  await body.cancel().catch(() => undefined);
  return present(representation);
}

/** Whether an answer is not too long for the cache. */
export function isWithinBounds(span: Span, { blockSize, maxBlocks }: FetchDependencies['settings']): boolean {
  return spanLength(blocksOf(span, blockSize)) <= maxBlocks;
}

function present(representation: Representation): KnownVersion {
  return { type: 'present', representation, isNew: true };
}

function rememberPresent(representation: Representation, remember: Remember): KnownVersion {
  remember(representation);
  return present(representation);
}

function mayBeUnmodified({ ifNoneMatch, ifModifiedSince }: Preconditions = {}): boolean {
  return ifNoneMatch !== undefined || ifModifiedSince !== undefined;
}

/** What a 304 does not tell stays as it was. */
function refreshed(old: Pinnable, told: Metadata = {}): Representation {
  const fields = Object.entries(told).filter(([, value]) => value !== undefined);
  return { ...old, ...Object.fromEntries(fields), etag: old.etag, size: old.size };
}
