import { FIGURE_NAMES } from '../measure/figures.ts';
import type { PartRecord } from './record.ts';
import { printMedian, printNumber } from './tables.ts';

/** A number, followed by a comment with the path of its figure in the records. */
const QUOTE = /(\S*)(<!-- bench: (\S+) -->)/g;

/**
 * Replaces each quoted figure of a page by the one on record. A quote is a number with a comment directly behind it:
 *
 * - `1.40<!-- bench: node.whole-large.rangeway-cached.mbPerSecond.nginx-slice-1m -->`: the median ratio of a part,
 *   workload, contestant and figure to a reference;
 * - `0.40<!-- bench: disk.whole-large.rangeway-cached-disk.cpuPerGiB -->`: a median, in the unit of the generated tables;
 * - `1.01<!-- bench: growth.target.peakRss.rangeway/whole-huge.rangeway/whole-small -->`: the median ratio or difference
 *   of a target, of a figure, a subject and a reference;
 * - `37.7<!-- bench: sizes.size-worker-r2.value -->`: a measurement without servers; `value` (a size in KiB, a time in
 *   its unit), `peer` or `limit`.
 *
 * @throws RangeError if a comment has no number before it, or names no figure on record
 */
export function refreshQuotes(page: string, records: readonly PartRecord[]): string {
  return page.replaceAll(QUOTE, (_, quoted: string, comment: string, path: string) => {
    const number = /-?\d+(?:\.\d+)?$/.exec(quoted)?.[0];
    if (number === undefined) throw new RangeError(`no number is before ${comment}`);
    const figure = findFigure(path.split('.'), records);
    if (figure === undefined) throw new RangeError(`no figure on record: ${path}`);
    return quoted.slice(0, -number.length) + figure + comment;
  });
}

/** Number of quoted figures of a page. */
export function countQuotes(page: string): number {
  return [...page.matchAll(QUOTE)].length;
}

function findFigure([part, ...path]: readonly string[], records: readonly PartRecord[]): string | undefined {
  const record = records.find((one) => one.part === part);
  if (record === undefined) return undefined;
  switch (path.length) {
    case 2:
      return findFact(record, path);
    case 3:
      return findMedian(record, path);
    default:
      return path[0] === 'target' ? findTarget(record, path) : findRatio(record, path);
  }
}

function findRatio({ comparisons }: PartRecord, path: readonly string[]): string | undefined {
  const [workload, contestant, figure, reference = ''] = path;
  for (const one of comparisons) {
    if ('failure' in one || one.workload !== workload || one.contestant !== contestant || one.figure !== figure)
      continue;
    const found = one.ratios[reference];
    return typeof found === 'object' && found !== null ? printNumber(found.median) : undefined;
  }
  return undefined;
}

function findMedian({ cells }: PartRecord, [workload, contestant, name]: readonly string[]): string | undefined {
  const cell = cells.find((one) => one.workload === workload && one.contestant === contestant);
  const figure = FIGURE_NAMES.find((one) => one === name);
  const value = figure === undefined ? undefined : cell?.medians?.[figure];
  return figure === undefined || value === undefined ? undefined : printMedian(figure, value);
}

function findTarget({ targets }: PartRecord, [, ...path]: readonly string[]): string | undefined {
  const found = targets.find(({ figure, subject, reference }) => {
    const names = [figure, ...[subject, reference].map(({ contestant, workload }) => `${contestant}/${workload}`)];
    return names.every((name, i) => name === path[i]);
  })?.found;
  return found === undefined ? undefined : printNumber(found.median);
}

function findFact({ facts }: PartRecord, [name, member]: readonly string[]): string | undefined {
  const fact = facts.find((one) => one.name === name);
  if (fact === undefined) return undefined;
  const { value, unit, peer, limit } = fact;
  switch (member) {
    case 'value':
      if (value === undefined) return undefined;
      return unit === 'bytes' ? (value.median / 1024).toFixed(1) : printNumber(value.median);
    case 'peer':
      return peer?.ratio?.toFixed(2);
    case 'limit':
      return limit === undefined ? undefined : printNumber(limit.share.median);
    default:
      return undefined;
  }
}
