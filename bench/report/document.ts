import { toMarkdown } from './print.ts';
import type { PartRecord } from './record.ts';
import { coresTable, factTable, medianTable, ratioTable, targetTable } from './tables.ts';

/** Makes the page `bench/results/PART.md` of a record. */
export function toDocument(record: PartRecord): string {
  const { title, notes = [], skipped, noise, older = [] } = record;
  const blocks = [
    `# ${title}`,
    `<!-- Generated from ${record.part}.json by \`npm run bench -- --tables\`: do not edit. -->`,
    toConditions(record),
    ...notes,
    noise === undefined
      ? ''
      : `The same code beside itself (A/A) has ${noise.median.toFixed(2)} of its own figures, ${noise.min.toFixed(2)} to ${noise.max.toFixed(2)} over all workloads.`,
    skipped.map((line) => `- Not measured: ${line}`).join('\n'),
    ...section('Targets', toMarkdown(targetTable(record))),
    ...section('Ratios', toMarkdown(ratioTable(record))),
    ...section('Medians', toMarkdown(medianTable(record))),
    ...section('Measurements', toMarkdown(factTable(record)), toFactNotes(record)),
    ...section('Busy cores: contestant / load generator and storage', toMarkdown(coresTable(record))),
    ...section('Older', older.join('\n')),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

/** A heading with its blocks, or nothing if the first block is empty. */
function section(heading: string, first: string, ...others: readonly string[]): readonly string[] {
  return first === '' ? [] : [`## ${heading}`, first, ...others];
}

function toConditions({ date, commit, machine, versions, rounds, seconds, large, pinned, cells }: PartRecord): string {
  const times = rounds === 1 ? '1 round' : `${rounds} rounds`;
  const run =
    cells.length === 0
      ? times
      : `${times} of ${seconds} s, large object ${large / 1024 ** 2} MiB, ` +
        (pinned ? 'contestants on a core of their own' : 'nothing pinned');
  return `${date}${commit === undefined ? '' : `, commit ${commit}`}: ${run}; ${list(machine)}.\n\n${list(versions)}.`;
}

function toFactNotes({ facts }: PartRecord): string {
  return facts.flatMap(({ title, note }) => (note === undefined ? [] : [`- ${title}: ${note}`])).join('\n');
}

function list(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
