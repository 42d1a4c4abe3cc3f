import { spreadOf, type Spread } from '../measure/statistics.ts';
import type { Part, ServerPart } from '../parts/part.ts';
import { findCell, measureTarget, ratio } from './ratios.ts';
import type { CellRecord, ComparisonRecord, FactRecord, PartRecord, TargetRecord } from './record.ts';
import type { CellResult, Fact, PartResult, RunInfo } from './results.ts';
import { TARGETS, type Target } from './targets.ts';

/** Significant digits that a record keeps: more than the noise between two runs. */
const DIGITS = 4;

/**
 * Summarizes the rounds of a part as the ratios that are put on record.
 *
 * @param plan the part's contestants and workloads, which are compared; `undefined` if the part no longer exists
 */
export function summarize(part: PartResult, plan: Part | undefined, run: RunInfo): PartRecord {
  const servers = plan?.type === 'servers' ? plan : undefined;
  const { made, commit, machine, versions, rounds, seconds, large, pinned } = run;
  const references = servers === undefined ? [] : referencesOf(part, servers);
  const comparisons = servers === undefined ? [] : compare(part, servers, references);
  return {
    part: part.name,
    title: plan?.title ?? part.title,
    date: made.slice(0, 10),
    commit,
    machine: { ...machine },
    versions: { ...versions },
    rounds,
    seconds,
    large,
    pinned,
    noise: servers === undefined ? undefined : noiseOf(comparisons, servers, run.sameCode ?? []),
    targets: TARGETS.filter((target) => target.part === part.name).map((target) => toTargetRecord(target, part)),
    references: [...references],
    comparisons: [...comparisons],
    cells: part.cells.map((cell) => toCellRecord(cell, servers)),
    facts: part.facts.map(toFactRecord),
    skipped: part.skipped.map((line) => line.replaceAll(/\s+/g, ' ')),
  };
}

/** Contestants of the plan that are not Rangeway, then those of other checkouts, which only the cells name. */
function referencesOf({ cells }: PartResult, { contestants }: ServerPart): readonly string[] {
  const all = [...contestants, ...cells.map(({ contestant, role }) => ({ name: contestant, role }))];
  return [...new Set(all.filter(({ role }) => role !== 'subject').map(({ name }) => name))];
}

function compare(
  part: PartResult,
  { contestants, workloads }: ServerPart,
  references: readonly string[],
): readonly ComparisonRecord[] {
  const subjects = contestants.filter(({ role }) => role === 'subject').map(({ name }) => name);
  return workloads.flatMap(({ name: workload, shows }) =>
    subjects.flatMap((contestant): readonly ComparisonRecord[] => {
      const cell = findCell(part, { contestant, workload });
      if (cell === undefined) return [];
      if (cell.rounds.length === 0) return [{ workload, contestant, failure: cell.failure ?? 'not measured' }];
      const others = references.flatMap((reference) => findCell(part, { contestant: reference, workload }) ?? []);
      return shows.map((figure) => ({
        workload,
        contestant,
        figure,
        ratios: Object.fromEntries(others.map((other) => [other.contestant, toRatio(cell, other, figure)])),
      }));
    }),
  );
}

function toRatio(cell: CellResult, other: CellResult, figure: Parameters<typeof ratio>[2]): Spread | string | null {
  if (other.rounds.length === 0) return other.failure ?? 'not measured';
  const found = ratio(cell, other, figure);
  return found === undefined ? null : round(found);
}

function toTargetRecord(target: Target, part: PartResult): TargetRecord {
  const { subject, reference, figure, bound } = target;
  const finding = measureTarget(target, part);
  const common = { subject, reference, figure, bound };
  return 'found' in finding ? { ...common, found: round(finding.found) } : { ...common, open: finding.open };
}

/** The spread of the medians of each workload's first figure, beside the same code in another process. */
function noiseOf(
  comparisons: readonly ComparisonRecord[],
  { workloads }: ServerPart,
  sameCode: readonly string[],
): Spread | undefined {
  const medians = comparisons.flatMap((comparison) => {
    if ('failure' in comparison) return [];
    const [first] = workloads.find(({ name }) => name === comparison.workload)?.shows ?? [];
    if (comparison.figure !== first) return [];
    return sameCode.flatMap((checkout) => {
      const found = comparison.ratios[`${comparison.contestant}@${checkout}`];
      return typeof found === 'object' && found !== null ? [found.median] : [];
    });
  });
  return spreadOf(medians);
}

function toCellRecord(cell: CellResult, plan: ServerPart | undefined): CellRecord {
  const { contestant, workload, rounds } = cell;
  const sorted = rounds.toSorted((a, b) => a.busy - b.busy);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) return { workload, contestant };
  const shows = plan?.workloads.find(({ name }) => name === workload)?.shows ?? [];
  const medians = shows.map((figure) => [figure, spreadOf(rounds.map((figures) => figures[figure]))?.median] as const);
  return {
    workload,
    contestant,
    medians: Object.fromEntries(
      medians.flatMap(([figure, median]) =>
        median === undefined || !Number.isFinite(median) ? [] : [[figure, roundNumber(median)]],
      ),
    ),
    contestantCores: roundNumber(middle.busy),
    helperCores: roundNumber(middle.helpersBusy),
  };
}

function toFactRecord({ name, title, unit, value, peer, max, note }: Fact): FactRecord {
  return {
    name,
    title,
    unit,
    value: round(value),
    ...(peer === undefined ? {} : { peer: toPeerRecord(value, peer) }),
    ...(max === undefined ? {} : { limit: { max, share: round(divide(value, max)) } }),
    ...(note === undefined ? {} : { note }),
  };
}

function toPeerRecord(value: Spread, peer: NonNullable<Fact['peer']>): NonNullable<FactRecord['peer']> {
  const found = { name: peer.name, value: round(peer.value) };
  return peer.value.median === 0 ? found : { ...found, ratio: roundNumber(value.median / peer.value.median) };
}

function divide({ median, min, max }: Spread, by: number): Spread {
  return { median: median / by, min: min / by, max: max / by };
}

function round({ median, min, max }: Spread): Spread {
  return { median: roundNumber(median), min: roundNumber(min), max: roundNumber(max) };
}

function roundNumber(value: number): number {
  return Number(value.toPrecision(Math.max(DIGITS, String(Math.trunc(Math.abs(value))).length)));
}
