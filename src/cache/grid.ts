import type { Span } from '../http/index.ts';

/** Consecutive blocks of a grid, half-open: `start` is the first block, `end` is one past the last. */
export type BlockRange = Span;

/** A part of a block that a span needs. */
export interface Piece {
  /** The block, from 0. */
  readonly index: number;
  /** Bytes from the block's start, half-open, never empty. */
  readonly part: Span;
}

/** The blocks that a span touches. */
export function blocksOf({ start, end }: Span, blockSize: number): BlockRange {
  return start === end
    ? { start: 0, end: 0 }
    : { start: Math.floor(start / blockSize), end: Math.ceil(end / blockSize) };
}

/** The bytes of consecutive blocks in an object of `size` bytes: all of full length but the object's last. */
export function bytesOf({ start, end }: BlockRange, blockSize: number, size: number): Span {
  return { start: start * blockSize, end: Math.min(end * blockSize, size) };
}

/** Bytes of one block in an object of `size` bytes. */
export function blockLength(index: number, blockSize: number, size: number): number {
  return Math.min(blockSize, size - index * blockSize);
}

/** The part of a span that a block holds. */
export function pieceOf(span: Span, index: number, blockSize: number): Piece {
  const origin = index * blockSize;
  const start = Math.max(span.start - origin, 0);
  return { index, part: { start, end: Math.min(span.end - origin, blockSize) } };
}

/** The runs of consecutive indices, in order: what one read of the storage can bring. */
export function runsOf(indices: readonly number[]): readonly BlockRange[] {
  const runs: BlockRange[] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last?.end === index) runs[runs.length - 1] = { start: last.start, end: index + 1 };
    else runs.push({ start: index, end: index + 1 });
  }
  return runs;
}

/** A piece's bytes in the object, without its first `from`. */
export function bytesOfPiece({ index, part }: Piece, blockSize: number, from: number): Span {
  const origin = index * blockSize;
  return { start: origin + part.start + from, end: origin + part.end };
}
