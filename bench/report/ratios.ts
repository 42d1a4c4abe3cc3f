import type { FigureName } from '../measure/figures.ts';
import { spreadOf, type Spread } from '../measure/statistics.ts';
import type { CellResult, PartResult, Results } from './results.ts';
import type { CellName, Target } from './targets.ts';

/** Of the ratios of all rounds; each round's two figures were measured one soon after the other. */
export function ratio(subject: CellResult, reference: CellResult, figure: FigureName): Spread | undefined {
  const ratios = subject.rounds.flatMap((mine, round) => {
    const theirs = reference.rounds[round];
    if (theirs === undefined) return [];
    const value = mine[figure] / theirs[figure];
    // Where a figure is 0, there is no ratio to tell.
    return Number.isFinite(value) && value > 0 ? [value] : [];
  });
  return spreadOf(ratios);
}

/** @returns `undefined` where the run has none */
export function findCell({ cells }: PartResult, { contestant, workload }: CellName): CellResult | undefined {
  return cells.find((cell) => cell.contestant === contestant && cell.workload === workload);
}

/** How a target stands. */
export type Verdict =
  | { readonly type: 'ok' | 'missed'; readonly ratio: Spread }
  | { readonly type: 'open'; readonly why: string };

/** Compares a target with what was measured. */
export function judge({ part, subject, reference, figure, bound }: Target, { parts }: Results): Verdict {
  const result = parts.find(({ name }) => name === part);
  if (result === undefined) return { type: 'open', why: 'not run' };
  const mine = findCell(result, subject);
  const theirs = findCell(result, reference);
  if (mine === undefined) return { type: 'open', why: `no ${subject.contestant} yet` };
  if (theirs === undefined) return { type: 'open', why: `no ${reference.contestant} here` };
  const found = ratio(mine, theirs, figure);
  if (found === undefined) return { type: 'open', why: mine.failure ?? theirs.failure ?? 'too little to compare' };
  const isMet = 'least' in bound ? found.median >= bound.least : found.median <= bound.most;
  return { type: isMet ? 'ok' : 'missed', ratio: found };
}
