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
import { select } from '../store/evaluate-read.ts';
import { isArchived } from '../store/store-error.ts';
import { widenUnknown, type Admission } from './admission.ts';
import type { Seat } from './fill.ts';
import type { Fills } from './fill-registry.ts';
import { blocksOf, holdsWholeBlock } from './grid.ts';
import type { AccountedCall, Finding, MetadataCache, Note } from './metadata-cache.ts';

export type Asked = ReadOptions & AccountedCall;

/** What is asked, and what takes the answer. */
export interface Asking {
  readonly store: ObjectStore;
  readonly metadata: MetadataCache;
  readonly fills: Fills;
  readonly admission: Admission;
  readonly settings: { readonly blockSize: number; readonly maxBlocks: number };
}

/** What the question for an object brings: what is known of it now, or the answer itself. */
export type Answer = Known | { readonly type: 'absent' } | { readonly type: 'answer'; readonly result: ReadResult };

/** `seat` is at the fill of the body that the answer had. */
export type Known = Extract<Finding, { readonly type: 'present' }> & { readonly seat?: Seat | undefined };

/** Asks the storage about an object, by a read that brings the bytes that its client most likely gets. */
export async function askStorage(
  parts: Asking,
  key: string,
  asked: Asked,
  old: Representation | undefined,
  note: Note,
): Promise<Answer> {
  const { store, metadata, fills, settings } = parts;
  const { tally, conditions } = asked;
  const pinned = old !== undefined && isPinnable(old) ? old : undefined;
  // A 304 need not tell the size, without which the next request would have to ask again.
  if (pinned === undefined && mayBeUnmodified(conditions)) return metadata.head(key, asked, note);
  let isForbidden = false;
  const call = {
    tally,
    range: fills.hasMemory(settings.blockSize) ? widenUnknown(asked.range, settings.blockSize) : asked.range,
    conditions: pinned === undefined ? conditions : { ifNoneMatch: [pinned.etag] },
    onForbidden: () => (isForbidden = true),
  };
  const result = await store.read(key, call).catch((error: unknown) => {
    if (isArchived(error)) return undefined;
    throw error;
  });
  // The metadata of an archived object can be asked for, and its blocks may be cached.
  if (result === undefined) return metadata.head(key, asked, note);
  switch (result.type) {
    case 'open':
      note(result.representation);
      return takeBody(parts, key, asked, result);
    case 'missing':
      if (!isForbidden) note(undefined);
      return { type: 'absent' };
    case 'unmodified':
      if (pinned === undefined) return metadata.head(key, asked, note);
      return learn(refreshed(pinned, result.metadata), note);
    case 'changed':
      if (result.representation !== undefined) note(result.representation);
      return { type: 'answer', result };
    case 'unsatisfiable':
      // An object without bytes, or a range beyond its end: which one, only the metadata tell.
      return result.representation === undefined ? metadata.head(key, asked, note) : learn(result.representation, note);
  }
}

/** Makes a fill of the body that a question has brought, or the answer, or gives it back. */
async function takeBody(parts: Asking, key: string, asked: Asked, opened: OpenObject): Promise<Answer> {
  const { fills, admission, settings } = parts;
  const { representation, body, span } = opened;
  const { size } = representation;
  const selection = select(representation, asked);
  if (selection.type === 'span' && isPinnable(representation)) {
    const object = { key, representation };
    const isToKeep = holdsWholeBlock(span, settings.blockSize, size) && isWithinBounds(span, settings);
    const seat = isToKeep ? fills.start(object, span, asked, body) : undefined;
    if (seat !== undefined) return { ...present(representation), seat };
    asked.account.misses += spanLength(blocksOf(span, settings.blockSize));
    admission.widen(object, span);
  } else if (selection.type === 'span') asked.account.forward = 'bypass';
  if (selection.type === 'span' && sameSpan(selection.span, span)) return { type: 'answer', result: opened };
  await body.cancel().catch(() => undefined);
  return present(representation);
}

/** Whether an answer is not too long for the cache. */
export function isWithinBounds(span: Span, { blockSize, maxBlocks }: Asking['settings']): boolean {
  return spanLength(blocksOf(span, blockSize)) <= maxBlocks;
}

function present(representation: Representation): Known {
  return { type: 'present', representation, isNew: true };
}

function learn(representation: Representation, note: Note): Known {
  note(representation);
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
