import type { RangeSpec, Span } from '../http/index.ts';
import { blockLength, blocksOf, isLargePart, partOf } from './grid.ts';
import type { ObjectVersion } from './resilient-cache.ts';

/**
 * Decides which blocks are worth keeping. One that is covered from its start on, by a quarter at least, costs at most
 * its other three quarters; any other would make its client wait for bytes that come before its own, or bring a block
 * for a few bytes, and so is kept when it is asked for the second time.
 */
export interface Admission {
  /**
   * What to read of an object so that each block worth keeping is whole, for a client that is given `span`: the same, or
   * more at both ends. Called once for a request, cached or not: it notes the touch.
   */
  widen(object: ObjectVersion, span: Span): Span;
}

/** Blocks remembered at least; twice as many at the most, some 2 MB. */
const CAPACITY = 10_000;

/**
 * Makes an admission that remembers nothing yet. It forgets what was touched longest ago, a generation at a time: a list
 * in the order of the last touch would be changed by each request, and hits in memory are many.
 */
export function admission(blockSize: number): Admission {
  let recent = new Set<string>();
  let before = new Set<string>();

  /** Notes a block as touched. @returns whether it was before */
  function touchBlock({ key, representation }: ObjectVersion, index: number): boolean {
    // The tag of a version has no space in it, so no two blocks share a name.
    const name = `${index} ${representation.etag.opaque} ${key}`;
    if (recent.has(name)) return true;
    const wasTouched = before.has(name);
    recent.add(name);
    if (recent.size >= CAPACITY) {
      before = recent;
      recent = new Set();
    }
    return wasTouched;
  }

  function isWorth(object: ObjectVersion, span: Span, index: number): boolean {
    const part = partOf(span, index, blockSize);
    const length = blockLength(index, blockSize, object.representation.size);
    return isLargePart(part, length) || touchBlock(object, index);
  }

  return {
    widen(object, span) {
      const blocks = blocksOf(span, blockSize);
      const last = blocks.end - 1;
      const isFirstWorth = isWorth(object, span, blocks.start);
      const isLastWorth = last === blocks.start ? isFirstWorth : isWorth(object, span, last);
      const { size } = object.representation;
      return {
        start: isFirstWorth ? blocks.start * blockSize : span.start,
        end: isLastWorth ? Math.min(blocks.end * blockSize, size) : span.end,
      };
    },
  };
}

/**
 * What to ask of an object of which nothing is known, for a client that asked for `range`: the same, or up to the end of
 * its last block.
 */
export function widenUnknown(range: RangeSpec | undefined, blockSize: number): RangeSpec | undefined {
  if (range?.form !== 'bounded') return range;
  const last = Math.floor((range.end - 1) / blockSize) * blockSize;
  const isWorth = range.start <= last && isLargePart({ start: 0, end: range.end - last }, blockSize);
  return isWorth ? { ...range, end: last + blockSize } : range;
}
