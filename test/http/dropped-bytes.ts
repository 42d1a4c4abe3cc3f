import type { PlannedRead } from '../../src/http/read-plan.ts';
import { spanLength, totalLength } from '../../src/http/span.ts';

/** The number of bytes that a plan reads and drops. */
export function droppedBytes(reads: readonly PlannedRead[]): number {
  return reads.reduce((sum, read) => sum + spanLength(read.span) - totalLength(read.parts), 0);
}
