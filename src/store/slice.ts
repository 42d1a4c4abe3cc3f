import {
  checkPreconditions,
  resolveSpec,
  sameSpan,
  type Preconditions,
  type Representation,
  type Span,
} from '../http/index.ts';
import type { BodilessResult, ObjectStore, OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { chunkStream, defaultReader } from './chunk-stream.ts';
import { budgetOf, withBudget } from './retry-budget.ts';
import { storeError } from './store-error.ts';

/** Which bytes a read gets of a representation, or the answer without bytes that it gets instead. */
type Selection = { readonly type: 'span'; readonly span: Span } | Exclude<BodilessResult, { readonly type: 'missing' }>;

/** For stores that know an object's metadata before they open its bytes: conditions first, then the range. */
export function select(representation: Representation, { conditions = {}, range }: ReadOptions): Selection {
  const held = withheld(representation, conditions);
  if (held !== undefined) return held;
  const span = range === undefined ? { start: 0, end: representation.size } : resolveSpec(range, representation.size);
  return span === undefined ? { type: 'unsatisfiable', representation } : { type: 'span', span };
}

/** The answer where a condition holds the body back; `undefined` where none does. */
export function withheld(
  representation: Representation,
  conditions: Preconditions,
): Extract<BodilessResult, { readonly type: 'changed' | 'unmodified' }> | undefined {
  switch (checkPreconditions(conditions, representation)) {
    case 'modified':
      return { type: 'changed', representation };
    case 'unmodified':
      return { type: 'unmodified', metadata: representation };
    case 'hold':
      return undefined;
  }
}

/** Bytes that are read and dropped at the most where the whole would do as well. */
const MOST_SKIPPED = 64 * 1024 * 1024;

/** Gives ranges of a store that may ignore them and give the whole: {@link sliced}. */
export function withRanges(store: ObjectStore): ObjectStore {
  const ranged: ObjectStore = {
    head: (key, options) => store.head(key, options),
    async read(key, options = {}) {
      const result = await store.read(key, options);
      if (options.range === undefined || result.type !== 'open') return result;
      return sameSpan(result.span, { start: 0, end: result.representation.size }) ? sliced(result, options) : result;
    },
  };
  return withBudget(ranged, budgetOf(store));
}

/**
 * Makes the read that was asked for out of a whole object: a storage may ignore Range and answer 200 (§14.2).
 *
 * @param whole gets its body cut, or cancelled where no byte of the range is in it
 */
export async function sliced(whole: OpenObject, { range, mayBeWhole, isUncut }: ReadOptions): Promise<ReadResult> {
  const { representation, span, body } = whole;
  if (range === undefined) return whole;
  const due = resolveSpec(range, representation.size);
  if (due === undefined) {
    await body.cancel();
    return { type: 'unsatisfiable', representation };
  }
  const isWanted = isUncut === true || (mayBeWhole === true && due.start > MOST_SKIPPED);
  if (sameSpan(due, span) || isWanted) return whole;
  return { type: 'open', representation, span: due, body: slice(body, due, representation.size) };
}

/** The bytes from `start` up to, not including, `end` of a body of `size` bytes, which is cancelled after them. */
function slice(body: ReadableStream<Uint8Array>, { start, end }: Span, size: number): ReadableStream<Uint8Array> {
  const reader = defaultReader(body);
  let at = 0;
  return chunkStream({
    async read(max) {
      for (;;) {
        if (at >= end && end < size) {
          await reader.cancel();
          return undefined;
        }
        // At the object's end one more read sees the body end, so that its connection can be used again.
        const chunk = await reader.read(Math.max(1, Math.min(max, end - at)));
        if (chunk === undefined && at < end) throw storeError('unavailable', `a body ended at byte ${at} of ${size}`);
        if (chunk === undefined) return undefined;
        if (at + chunk.length > size) throw storeError('nonsense', 'the storage sent more bytes than it said');
        const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
        at += chunk.length;
        if (wanted.length > 0) return wanted;
      }
    },
    cancel: () => reader.cancel(),
  });
}
