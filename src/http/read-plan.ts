import type { Span } from './span.ts';

/** One storage read that brings the bytes of one or several parts of a response. */
export interface PlannedRead {
  readonly span: Span;
  /** In ascending order, inside `span`. The bytes between them are read and discarded. */
  readonly parts: readonly Span[];
}

/** Limits of the storage reads for one multipart response. */
export interface ReadBudget {
  /** Most storage reads for one request. */
  readonly maxReads: number;
  /** Gaps of at most this many bytes are read and discarded within `maxGapBytes`: that costs less than another read. */
  readonly nearGap: number;
  /** Most bytes that may be read and discarded, in all gaps together. */
  readonly maxGapBytes: number;
}

/**
 * Plans the storage reads of a multipart response. Parts share a read if the gap between them is small, or if there
 * would be too many reads otherwise; the smallest gaps are joined first. The parts and their order do not change: a
 * body is read forward, so only consecutive parts in ascending order can share a read.
 *
 * @param parts in the requested order, none overlapping
 * @returns the reads in the order of the parts; `undefined` if there is no plan within the budget
 */
export function planReads(parts: readonly Span[], budget: ReadBudget): readonly PlannedRead[] | undefined {
  const isWithinMaxReads = parts.length <= budget.maxReads;
  const gaps: { readonly before: number; readonly bytes: number }[] = [];
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (next === undefined || next.start < part.end) continue;
    const bytes = next.start - part.end;
    // If each part may have a read of its own, only near gaps are joined.
    if (bytes <= budget.nearGap || !isWithinMaxReads) gaps.push({ before: i, bytes });
  }
  gaps.sort((a, b) => a.bytes - b.bytes);
  const joined = new Set<number>();
  let gapBytes = 0;
  for (const gap of gaps) {
    const reads = parts.length - joined.size;
    if (gap.bytes > budget.nearGap && reads <= budget.maxReads) break;
    if (gapBytes + gap.bytes > budget.maxGapBytes) break;
    joined.add(gap.before);
    gapBytes += gap.bytes;
  }
  if (parts.length - joined.size > budget.maxReads) return undefined;
  return groupParts(parts, joined);
}

function groupParts(parts: readonly Span[], joined: ReadonlySet<number>): readonly PlannedRead[] {
  const reads: PlannedRead[] = [];
  let pending: Span[] = [];
  parts.forEach((part, i) => {
    pending.push(part);
    if (joined.has(i)) return;
    reads.push({ span: { start: pending[0]?.start ?? part.start, end: part.end }, parts: pending });
    pending = [];
  });
  return reads;
}
