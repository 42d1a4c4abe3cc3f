import type { RangeSpec, Span } from '../http/index.ts';
import { blockLength, blocksOf, isLargePart, partOf } from './grid.ts';
import type { ObjectVersion } from './resilient-cache.ts';

/**
 * The admission policy: decides which blocks are cached. A block that is covered from its start on, by a quarter at
 * least, is admitted at once: it costs three quarters of a block at most. Any other block would delay its client by bytes
 * before the range, or cost a whole block for a few bytes. It is admitted at its second access within a bounded history.
 */
export interface Admission {
  /**
   * Extends a span so that each block worth caching is read whole. Call it once for a request, on a hit too, because it
   * records the access.
   *
   * @param span the client's bytes, half-open
   * @returns `span`, extended to block bounds at none, one or both ends
   */
  widen(object: ObjectVersion, span: Span): Span;
  /** Records the use alone, for a request whose bytes are not kept. */
  recordUse(object: ObjectVersion, span: Span): void;
}

/** Blocks in one generation of the history. The history has at most two generations, about 2 MB. */
const CAPACITY = 10_000;

/**
 * Creates an admission policy with an empty history. The history drops the oldest accesses a generation at a time: an LRU
 * list would be updated by each request, and memory hits are frequent.
 *
 * @param blockSize in bytes
 */
export function admission(blockSize: number): Admission {
  let recent = new Set<string>();
  let previous = new Set<string>();

  /** Records an access. @returns whether the block was in the history */
  function recordAccess({ key, representation }: ObjectVersion, index: number): boolean {
    // Unique for each block: an entity tag contains no space.
    const id = `${index} ${representation.etag.opaque} ${key}`;
    if (recent.has(id)) return true;
    const wasAccessed = previous.has(id);
    recent.add(id);
    if (recent.size >= CAPACITY) {
      previous = recent;
      recent = new Set();
    }
    return wasAccessed;
  }

  function isAdmitted(object: ObjectVersion, span: Span, index: number): boolean {
    const part = partOf(span, index, blockSize);
    const length = blockLength(index, blockSize, object.representation.size);
    return isLargePart(part, length) || recordAccess(object, index);
  }

  function widen(object: ObjectVersion, span: Span): Span {
    const blocks = blocksOf(span, blockSize);
    const last = blocks.end - 1;
    const isFirstAdmitted = isAdmitted(object, span, blocks.start);
    const isLastAdmitted = last === blocks.start ? isFirstAdmitted : isAdmitted(object, span, last);
    const { size } = object.representation;
    return {
      start: isFirstAdmitted ? blocks.start * blockSize : span.start,
      end: isLastAdmitted ? Math.min(blocks.end * blockSize, size) : span.end,
    };
  }

  return { widen, recordUse: (object, span) => void widen(object, span) };
}

/**
 * Extends a range of an object of which no metadata are known, so that a last block worth caching is read whole.
 *
 * @param range the client's range; `undefined` for the whole object
 * @param blockSize in bytes
 * @returns `range`, or a range up to the end of its last block
 */
export function widenUnknown(range: RangeSpec | undefined, blockSize: number): RangeSpec | undefined {
  if (range?.form !== 'bounded') return range;
  const last = Math.floor((range.end - 1) / blockSize) * blockSize;
  const isAdmitted = range.start <= last && isLargePart({ start: 0, end: range.end - last }, blockSize);
  return isAdmitted ? { ...range, end: last + blockSize } : range;
}
