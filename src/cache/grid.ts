import type { Span } from '../http/index.ts';

/** Consecutive blocks of a grid, half-open: `start` is the first block, `end` is one past the last. */
export type BlockRange = Span;

/** The blocks that a span touches. */
export function blocksOf({ start, end }: Span, blockSize: number): BlockRange {
  return start === end
    ? { start: 0, end: 0 }
    : { start: Math.floor(start / blockSize), end: Math.ceil(end / blockSize) };
}

/** Bytes of one block in an object of `size` bytes: all have the full length but the object's last. */
export function blockLength(index: number, blockSize: number, size: number): number {
  return Math.min(blockSize, size - index * blockSize);
}

/** The part of a block that a span needs, half-open, in bytes from the block's start; not empty where they meet. */
export function partOf(span: Span, index: number, blockSize: number): Span {
  const origin = index * blockSize;
  return { start: Math.max(span.start - origin, 0), end: Math.min(span.end - origin, blockSize) };
}

/** Whether a span of an object of `size` bytes has all bytes of a block. */
export function holdsWholeBlock({ start, end }: Span, blockSize: number, size: number): boolean {
  const index = Math.ceil(start / blockSize);
  return index * blockSize < size && end >= index * blockSize + blockLength(index, blockSize, size);
}

/** Whether a part is so much of a block, from its start on, that the rest is read for it: a quarter. */
export function isLargePart({ start, end }: Span, length: number): boolean {
  return start === 0 && end * 4 >= length;
}
