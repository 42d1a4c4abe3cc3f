import type { Part } from '../parts/part.ts';
import { FIGURES, type FigureName } from '../measure/figures.ts';
import type { Spread } from '../measure/statistics.ts';
import { findCell, judge, ratio } from './ratios.ts';
import type { CellResult, Fact, PartResult, Results } from './results.ts';
import { TARGETS, type Target } from './targets.ts';

/** A table: its first row is the head. */
export type Table = readonly (readonly string[])[];

/** What each target comes to. */
export function targetTable(results: Results): Table {
  const rows = TARGETS.map((target) => {
    const verdict = judge(target, results);
    const found = verdict.type === 'open' ? verdict.why : printSpread(verdict.found);
    const { part, figure, bound } = target;
    return [part, printComparison(target), FIGURES[figure].title, found, printBound(bound), verdict.type];
  });
  const facts = results.parts.flatMap(({ name, facts: found }) =>
    found.flatMap((fact) => (fact.most === undefined ? [] : [factTarget(name, fact, fact.most)])),
  );
  return [['part', 'what', 'figure', 'found', 'target', ''], ...rows, ...facts];
}

function factTarget(part: string, { title, value, unit }: Fact, most: number): readonly string[] {
  const share = { median: value.median / most, least: value.least / most, most: value.most / most };
  return [part, title, `of ${most} ${unit}`, printSpread(share), '≤ 1', share.median <= 1 ? 'ok' : 'missed'];
}

/** Each of Rangeway's contestants against each other one: how many times as much. */
export function ratioTable(part: PartResult, plan: Part | undefined): Table {
  if (plan?.type !== 'servers') return [];
  // Those that were measured beside the plan's, out of other checkouts, are in the cells alone.
  const known = [...plan.contestants, ...part.cells.map(({ contestant, role }) => ({ name: contestant, role }))];
  const others = [...new Set(known.filter(({ role }) => role !== 'subject').map(({ name }) => name))];
  const subjects = plan.contestants.filter(({ role }) => role === 'subject').map(({ name }) => name);
  const rows = plan.workloads.flatMap(({ name: workload, shows }) =>
    subjects.flatMap((contestant) => {
      const cell = findCell(part, { contestant, workload });
      if (cell === undefined) return [];
      if (cell.rounds.length === 0) return [[workload, contestant, cell.failure ?? '', ...others.map(() => '')]];
      return shows.map((figure) => [
        workload,
        contestant,
        FIGURES[figure].title,
        ...others.map((other) => printRatio(cell, findCell(part, { contestant: other, workload }), figure)),
      ]);
    }),
  );
  return [['workload', 'contestant', 'figure', ...others.map((other) => `÷ ${other}`)], ...rows];
}

function printBusy(cell: CellResult | undefined): string {
  const rounds = cell?.rounds.toSorted((a, b) => a.busy - b.busy) ?? [];
  const middle = rounds[rounds.length >> 1];
  return middle === undefined ? '' : `${middle.busy.toFixed(2)} / ${middle.helpersBusy.toFixed(2)}`;
}

function printRatio(cell: CellResult, other: CellResult | undefined, figure: FigureName): string {
  if (other === undefined) return '';
  if (other.rounds.length === 0) return other.failure ?? '';
  const found = ratio(cell, other, figure);
  return found === undefined ? '–' : printSpread(found);
}

/** What is measured without servers: the ratio to the peer's, sizes as they are. */
export function factTable({ facts }: PartResult): Table {
  if (facts.length === 0) return [];
  const rows = facts.map(({ title, value, unit, peer, most }) => [
    title,
    unit === 'bytes' ? `${(value.median / 1024).toFixed(1)} KiB` : '',
    peer === undefined ? '' : `${(value.median / peer.value.median).toFixed(2)} ÷ ${peer.name}`,
    most === undefined ? '' : `${(value.median / most).toFixed(2)} of ${most} ${unit}`,
  ]);
  return [['what', 'size', 'to a peer', 'to its limit'], ...rows];
}

/** How busy the measured server and the helpers were: what limits a figure. */
export function busyTable(part: PartResult): Table {
  const names = [...new Set(part.cells.map(({ contestant }) => contestant))];
  const workloads = [...new Set(part.cells.map(({ workload }) => workload))];
  if (names.length === 0) return [];
  const rows = workloads.map((workload) =>
    [workload].concat(names.map((contestant) => printBusy(findCell(part, { contestant, workload })))),
  );
  return [['workload', ...names], ...rows];
}

function printComparison({ subject, reference }: Target): string {
  return subject.workload === reference.workload
    ? `${subject.contestant} to ${reference.contestant}, ${subject.workload}`
    : `${subject.contestant} ${subject.workload} to ${reference.contestant} ${reference.workload}`;
}

function printBound(bound: Target['bound']): string {
  if ('least' in bound) return `≥ ${bound.least}`;
  return 'most' in bound ? `≤ ${bound.most}` : `≤ ${bound.mostMore} s more`;
}

/** The median, and between which values it lies. */
function printSpread({ median, least, most }: Spread): string {
  return least === most ? digits(median) : `${digits(median)} (${digits(least)}–${digits(most)})`;
}

function digits(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(Math.abs(value) < 0.1 ? 3 : 2);
}
