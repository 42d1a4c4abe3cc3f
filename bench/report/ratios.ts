import type { FigureName } from '../measure/figures.ts';
import { spreadOf, type Spread } from '../measure/statistics.ts';
import type { CellResult, PartResult } from './results.ts';
import type { CellName, Target } from './targets.ts';

/**
 * Divides one contestant's figure by another's, round by round: the two were measured one soon after the other.
 *
 * @returns `undefined` if no round has a ratio, because one of the figures is 0
 */
export function ratio(subject: CellResult, reference: CellResult, figure: FigureName): Spread | undefined {
  const ratios = pairs(subject, reference, figure).map(([mine, theirs]) => mine / theirs);
  return spreadOf(ratios.filter((value) => Number.isFinite(value) && value > 0));
}

function difference(subject: CellResult, reference: CellResult, figure: FigureName): Spread | undefined {
  return spreadOf(pairs(subject, reference, figure).map(([mine, theirs]) => mine - theirs));
}

function pairs(subject: CellResult, reference: CellResult, figure: FigureName): readonly (readonly [number, number])[] {
  return subject.rounds.flatMap((mine, round) => {
    const theirs = reference.rounds[round];
    return theirs === undefined ? [] : [[mine[figure], theirs[figure]] as const];
  });
}

/** Finds the cell of a contestant and a workload. */
export function findCell({ cells }: PartResult, { contestant, workload }: CellName): CellResult | undefined {
  return cells.find((cell) => cell.contestant === contestant && cell.workload === workload);
}

/** The measured ratio or difference of a target, or the reason why there is none. */
export type Finding = { readonly found: Spread } | { readonly open: string };

/** Measures a target with the results of its part. */
export function measureTarget({ subject, reference, figure, bound }: Target, part: PartResult): Finding {
  const mine = findCell(part, subject);
  const theirs = findCell(part, reference);
  if (mine === undefined) return { open: `no ${subject.contestant} yet` };
  if (theirs === undefined) return { open: `no ${reference.contestant} here` };
  const found = 'maxDifference' in bound ? difference(mine, theirs, figure) : ratio(mine, theirs, figure);
  return found === undefined ? { open: mine.failure ?? theirs.failure ?? 'too few rounds to compare' } : { found };
}

/** Whether a ratio or a difference is within a target's bound. */
export function isMet(value: number, bound: Target['bound']): boolean {
  if ('min' in bound) return value >= bound.min;
  return value <= ('max' in bound ? bound.max : bound.maxDifference);
}
