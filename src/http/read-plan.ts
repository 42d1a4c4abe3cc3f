import type { Span } from './span.ts';

/** One storage read that serves one or several parts of an answer. */
export interface PlannedRead {
  readonly span: Span;
  /** In ascending order, inside `span`; the bytes between them are read and dropped. */
  readonly parts: readonly Span[];
}

/** What several ranges may cost in storage reads. */
export interface ReadBudget {
  /** Storage reads a request, at the most. */
  readonly maxReads: number;
  /** Gaps of up to this many bytes are read through even where reads are left: cheaper than a read of their own. */
  readonly nearGap: number;
  /** Bytes of all gaps together that may be read and dropped, at the most. */
  readonly maxGapBytes: number;
}

/**
 * Joins the reads of neighbouring parts, nearest gaps first, without changing the parts or their order: parts can
 * share a read only where they are asked one after the other and ascend, since a body is read forward.
 *
 * @param parts in the order asked, none overlapping
 * @returns the reads in the order in which they serve the parts, or `undefined` where both budgets can't be kept
 */
export function planReads(parts: readonly Span[], budget: ReadBudget): readonly PlannedRead[] | undefined {
  const isWithin = parts.length <= budget.maxReads;
  const gaps: { readonly before: number; readonly bytes: number }[] = [];
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (next === undefined || next.start < part.end) continue;
    const bytes = next.start - part.end;
    // With reads enough for all, only near gaps are read through.
    if (bytes <= budget.nearGap || !isWithin) gaps.push({ before: i, bytes });
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
  return group(parts, joined);
}

function group(parts: readonly Span[], joined: ReadonlySet<number>): readonly PlannedRead[] {
  const reads: PlannedRead[] = [];
  let run: Span[] = [];
  parts.forEach((part, i) => {
    run.push(part);
    if (joined.has(i)) return;
    reads.push({ span: { start: run[0]?.start ?? part.start, end: part.end }, parts: run });
    run = [];
  });
  return reads;
}
