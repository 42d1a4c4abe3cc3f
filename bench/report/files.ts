import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDocument } from './document.ts';
import { refreshQuotes } from './quotes.ts';
import { formatRecord, parseRecord, type PartRecord } from './record.ts';

/** Folder of the records and of the pages that are generated from them. */
export const RESULTS_FOLDER = join(import.meta.dirname, '../results');

/** The page that quotes figures of the records. */
export const PERFORMANCE_PAGE = join(import.meta.dirname, '../../docs/performance.md');

/** Reads all records. */
export function readRecords(): readonly PartRecord[] {
  return readdirSync(RESULTS_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => parseRecord(readFileSync(join(RESULTS_FOLDER, name), 'utf8')));
}

/** Writes a record in place of that of an earlier run of the same part, whose `older` figures are kept. */
export function writeRecord(record: PartRecord): void {
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const older = record.older ?? readRecords().find(({ part }) => part === record.part)?.older;
  writeFileSync(join(RESULTS_FOLDER, `${record.part}.json`), formatRecord({ ...record, older }));
}

/** Regenerates the page of each record, and the figures that docs/performance.md quotes. */
export function writePages(): void {
  const records = readRecords();
  for (const record of records) writeFileSync(join(RESULTS_FOLDER, `${record.part}.md`), toDocument(record));
  writeFileSync(PERFORMANCE_PAGE, refreshQuotes(readFileSync(PERFORMANCE_PAGE, 'utf8'), records));
}
