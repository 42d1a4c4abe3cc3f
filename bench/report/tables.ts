import { FIGURE_NAMES, FIGURES, type FigureName } from '../measure/figures.ts';
import type { Spread } from '../measure/statistics.ts';
import { isMet } from './ratios.ts';
import type { CellRecord, FactRecord, PartRecord, TargetRecord } from './record.ts';

/** A table: its first row is the head, and without other rows it is empty. */
export type Table = readonly (readonly string[])[];

/** Makes the table of targets: the bound of each, the ratio or difference that was measured, and whether it is met. */
export function targetTable({ targets, facts }: PartRecord): Table {
  const rows = targets.map((target) => {
    const { figure, bound, found, open = 'not measured' } = target;
    const verdict = found === undefined ? 'open' : printVerdict(isMet(found.median, bound));
    const measured = found === undefined ? open : printSpread(found);
    return [printComparison(target), FIGURES[figure].title, measured, printBound(bound), verdict];
  });
  const limits = facts.flatMap(({ title, unit, limit }) =>
    limit === undefined
      ? []
      : [[title, `of ${limit.max} ${unit}`, printSpread(limit.share), '≤ 1', printVerdict(limit.share.median <= 1)]],
  );
  const all = [...rows, ...limits];
  return all.length === 0 ? [] : [['comparison', 'figure', 'measured', 'target', ''], ...all];
}

/** Makes the table of ratios: each figure of Rangeway's contestants, divided by that of each reference. */
export function ratioTable({ references, comparisons }: PartRecord): Table {
  if (comparisons.length === 0) return [];
  const rows = comparisons.map((comparison) => {
    const { workload, contestant } = comparison;
    if ('failure' in comparison) return [workload, contestant, comparison.failure, ...references.map(() => '')];
    const ratios = references.map((reference) => printRatio(comparison.ratios[reference]));
    return [workload, contestant, FIGURES[comparison.figure].title, ...ratios];
  });
  return [['workload', 'contestant', 'figure', ...references.map((reference) => `÷ ${reference}`)], ...rows];
}

/** Figures of which more is better, and which a mean over workloads may contain. */
const RATES: ReadonlySet<FigureName> = new Set(['mbPerSecond', 'requestsPerSecond']);

/** Makes the table of geometric means: the ratios of rates over all workloads, and the least of them. */
export function meanTable({ references, comparisons }: PartRecord): Table {
  const contestants = [...new Set(comparisons.map(({ contestant }) => contestant))];
  const rows = contestants.flatMap((contestant) =>
    references.flatMap((reference) => {
      const ratios = comparisons.flatMap((comparison) => {
        if (comparison.contestant !== contestant || 'failure' in comparison) return [];
        const found = comparison.ratios[reference];
        const isRate = RATES.has(comparison.figure) && typeof found === 'object' && found !== null;
        return isRate ? [found.median] : [];
      });
      if (ratios.length === 0) return [];
      const mean = Math.exp(ratios.reduce((sum, one) => sum + Math.log(one), 0) / ratios.length);
      return [[contestant, `÷ ${reference}`, mean.toFixed(3), Math.min(...ratios).toFixed(3), String(ratios.length)]];
    }),
  );
  return rows.length === 0 ? [] : [['contestant', 'reference', 'geometric mean', 'least', 'rates'], ...rows];
}

/** Makes the table of measurements without servers: the value, its ratio to a peer's, and its share of the target. */
export function factTable({ facts }: PartRecord): Table {
  if (facts.length === 0) return [];
  const rows = facts.map((fact) => {
    const { title, peer, limit } = fact;
    return [
      title,
      printValue(fact),
      peer === undefined ? '' : `${peer.ratio?.toFixed(2) ?? '–'} ÷ ${peer.name}`,
      limit === undefined ? '' : `${printNumber(limit.share.median)} of ${limit.max} ${fact.unit}`,
    ];
  });
  return [['measurement', 'value', 'to a peer', 'to its target'], ...rows];
}

/** Makes the table of busy cores, which shows the bottleneck of each cell. */
export function coresTable({ cells }: PartRecord): Table {
  const contestants = [...new Set(cells.map(({ contestant }) => contestant))];
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  if (contestants.length === 0) return [];
  const print = (workload: string, contestant: string) => {
    const cell = findCellRecord(cells, workload, contestant);
    return cell?.contestantCores === undefined || cell.helperCores === undefined
      ? ''
      : `${cell.contestantCores.toFixed(2)} / ${cell.helperCores.toFixed(2)}`;
  };
  const rows = workloads.map((workload) =>
    [workload].concat(contestants.map((contestant) => print(workload, contestant))),
  );
  return [['workload', ...contestants], ...rows];
}

/** Makes the table of medians, which are comparable within the run only. Empty for records that have no medians. */
export function medianTable({ cells }: PartRecord): Table {
  const measured = cells.filter(({ medians }) => medians !== undefined);
  const contestants = [...new Set(measured.map(({ contestant }) => contestant))];
  const workloads = [...new Set(measured.map(({ workload }) => workload))];
  const rows = workloads.flatMap((workload) => {
    const all = contestants.map((contestant) => findCellRecord(measured, workload, contestant)?.medians ?? {});
    return FIGURE_NAMES.flatMap((figure) => {
      const values = all.map((medians) => medians[figure]);
      if (values.every((value) => value === undefined)) return [];
      return [
        [
          workload,
          printUnit(figure),
          ...values.map((value) => (value === undefined ? '' : printMedian(figure, value))),
        ],
      ];
    });
  });
  return rows.length === 0 ? [] : [['workload', 'figure', ...contestants], ...rows];
}

function findCellRecord(cells: readonly CellRecord[], workload: string, contestant: string): CellRecord | undefined {
  return cells.find((cell) => cell.workload === workload && cell.contestant === contestant);
}

/** The title of a figure with the unit of its medians. */
function printUnit(figure: FigureName): string {
  const { title, unit } = FIGURES[figure];
  return unit === '' ? title : `${title}, ${unit}`;
}

/** Formats a median in its unit: memory in MiB. */
export function printMedian(figure: FigureName, value: number): string {
  return printNumber(figure === 'peakRss' ? value / 1024 ** 2 : value);
}

/** Formats the value of a fact: sizes in KiB, times in their unit. */
export function printValue({ value, unit }: FactRecord): string {
  if (value === undefined) return '';
  return unit === 'bytes' ? `${(value.median / 1024).toFixed(1)} KiB` : `${printSpread(value)} ${unit}`;
}

function printRatio(found: Spread | string | null | undefined): string {
  if (found === undefined) return '';
  if (found === null) return '–';
  return typeof found === 'string' ? found : printSpread(found);
}

function printVerdict(met: boolean): string {
  return met ? 'ok' : 'missed';
}

function printComparison({ subject, reference }: TargetRecord): string {
  return subject.workload === reference.workload
    ? `${subject.contestant} to ${reference.contestant}, ${subject.workload}`
    : `${subject.contestant} ${subject.workload} to ${reference.contestant} ${reference.workload}`;
}

function printBound(bound: TargetRecord['bound']): string {
  if ('min' in bound) return `≥ ${bound.min}`;
  return 'max' in bound ? `≤ ${bound.max}` : `≤ ${bound.maxDifference} s more`;
}

/** Formats a median with its extremes. */
function printSpread({ median, min, max }: Spread): string {
  return min === max ? printNumber(median) : `${printNumber(median)} (${printNumber(min)}–${printNumber(max)})`;
}

/** Formats a ratio with two or three significant digits. */
export function printNumber(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(Math.abs(value) < 0.1 ? 3 : 2);
}
