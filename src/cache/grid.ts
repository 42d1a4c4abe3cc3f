import type { Span } from '../http/index.ts';

/** Consecutive blocks of a grid, half-open: `start` is the first block, `end` is one past the last. */
export type BlockRange = Span;

/**
 * Returns the blocks that a span touches.
 *
 * @param span half-open, in bytes of the object
 * @param blockSize in bytes
 */
export function blocksOf({ start, end }: Span, blockSize: number): BlockRange {
  return start === end
    ? { start: 0, end: 0 }
    : { start: Math.floor(start / blockSize), end: Math.ceil(end / blockSize) };
}

/** Returns the length of one block in an object of `size` bytes. Only the last block may be shorter than `blockSize`. */
export function blockLength(index: number, blockSize: number, size: number): number {
  return Math.min(blockSize, size - index * blockSize);
}

/**
 * Returns the part of a block that a span needs.
 *
 * @param span half-open, in bytes of the object; it has to touch the block
 * @returns half-open, in bytes from the block's start; not empty
 */
export function partOf(span: Span, index: number, blockSize: number): Span {
  const origin = index * blockSize;
  return { start: Math.max(span.start - origin, 0), end: Math.min(span.end - origin, blockSize) };
}

/** Whether a span of an object of `size` bytes contains at least one whole block. */
export function holdsWholeBlock({ start, end }: Span, blockSize: number, size: number): boolean {
  const index = Math.ceil(start / blockSize);
  return index * blockSize < size && end >= index * blockSize + blockLength(index, blockSize, size);
}

/**
 * Whether a part covers at least a quarter of a block of `length` bytes, from the block's start on. The rest of such a
 * block is read too, so that the block can be cached.
 */
export function isLargePart({ start, end }: Span, length: number): boolean {
  return start === 0 && end * 4 >= length;
}
