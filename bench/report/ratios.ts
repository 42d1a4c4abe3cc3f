import type { FigureName } from '../measure/figures.ts';
import { spreadOf, type Spread } from '../measure/statistics.ts';
import type { CellResult, PartResult, Results } from './results.ts';
import type { CellName, Target } from './targets.ts';

/** Of the ratios of all rounds; each round's two figures were measured one soon after the other. */
export function ratio(subject: CellResult, reference: CellResult, figure: FigureName): Spread | undefined {
  const ratios = pairs(subject, reference, figure).map(({ mine, theirs }) => mine / theirs);
  // Where a figure is 0, there is no ratio to tell.
  return spreadOf(ratios.filter((value) => Number.isFinite(value) && value > 0));
}

function difference(subject: CellResult, reference: CellResult, figure: FigureName): Spread | undefined {
  return spreadOf(pairs(subject, reference, figure).map(({ mine, theirs }) => mine - theirs));
}

function pairs(subject: CellResult, reference: CellResult, figure: FigureName) {
  return subject.rounds.flatMap((mine, round) => {
    const theirs = reference.rounds[round];
    return theirs === undefined ? [] : [{ mine: mine[figure], theirs: theirs[figure] }];
  });
}

/** @returns `undefined` where the run has none */
export function findCell({ cells }: PartResult, { contestant, workload }: CellName): CellResult | undefined {
  return cells.find((cell) => cell.contestant === contestant && cell.workload === workload);
}

/** How a target stands. */
export type Verdict =
  | { readonly type: 'ok' | 'missed'; readonly found: Spread }
  | { readonly type: 'open'; readonly why: string };

/** Compares a target with what was measured. */
export function judge({ part, subject, reference, figure, bound }: Target, { parts }: Results): Verdict {
  const result = parts.find(({ name }) => name === part);
  if (result === undefined) return { type: 'open', why: 'not run' };
  const mine = findCell(result, subject);
  const theirs = findCell(result, reference);
  if (mine === undefined) return { type: 'open', why: `no ${subject.contestant} yet` };
  if (theirs === undefined) return { type: 'open', why: `no ${reference.contestant} here` };
  const found = 'mostMore' in bound ? difference(mine, theirs, figure) : ratio(mine, theirs, figure);
  if (found === undefined) return { type: 'open', why: mine.failure ?? theirs.failure ?? 'too little to compare' };
  return { type: isMet(found.median, bound) ? 'ok' : 'missed', found };
}

function isMet(value: number, bound: Target['bound']): boolean {
  if ('least' in bound) return value >= bound.least;
  return value <= ('most' in bound ? bound.most : bound.mostMore);
}
