import { readFileSync, writeFileSync } from 'node:fs';
import type { Part } from '../parts/part.ts';
import { toMarkdown } from './print.ts';
import type { Results } from './results.ts';
import { busyTable, factTable, ratioTable, targetTable } from './tables.ts';

const BEGIN = '<!-- bench: begin; npm run bench -- --write makes what follows -->';
const END = '<!-- bench: end -->';

/** Puts a run's report between the marks of a document. Throws where it has none. */
export function writeDocument(path: string, results: Results, parts: readonly Part[]): void {
  const text = readFileSync(path, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the marks between which the report goes`);
  const report = toDocument(results, parts);
  writeFileSync(path, `${text.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${text.slice(end)}`);
}

function toDocument(results: Results, parts: readonly Part[]): string {
  const { made, machine, versions, rounds, seconds, pinned, large } = results;
  const sections = results.parts.flatMap((part) => {
    const plan = parts.find(({ name }) => name === part.name);
    const busy = busyTable(part);
    return [
      `### ${part.title}`,
      ...part.skipped.map((line) => `Not measured: ${line}.`),
      toMarkdown(ratioTable(part, plan)),
      toMarkdown(factTable(part)),
      ...(busy.length === 0
        ? []
        : [`Cores busy, of the contestant / of load generator and storage together:`, toMarkdown(busy)]),
    ];
  });
  return [
    `Made ${made.slice(0, 10)}: ${rounds} rounds of ${seconds} s, large object ${large / 1024 ** 2} MiB, ` +
      `${pinned ? 'contestants on a core of their own' : 'nothing pinned'}; ${list(machine)}.`,
    `${list(versions)}.`,
    '### Targets',
    toMarkdown(targetTable(results)),
    ...sections,
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function list(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
