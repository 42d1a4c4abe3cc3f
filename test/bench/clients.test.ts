import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseClientsRecord, summarizeFaults, summarizeSpeeds, toClientsPage } from '../../bench/clients/record.ts';

const ROOT = join(import.meta.dirname, '../..');

const speed = { column: 'far', program: 'curl', mbPerSecond: 10, cpuPerGiB: 1, outcome: 'whole' } as const;
const fault = { cell: 'breaks', program: 'curl', seed: 1, outcome: 'whole' } as const;
const RECORD = {
  date: '2026-11-29',
  machine: { processor: 'one' },
  rounds: 3,
  mib: 64,
  speeds: summarizeSpeeds([
    speed,
    { ...speed, mbPerSecond: 30 },
    { ...speed, mbPerSecond: 99, outcome: 'wrong' },
    { ...speed, program: 'rangeway', mbPerSecond: 50 },
  ]),
  faults: summarizeFaults([fault, { ...fault, outcome: 'wrong' }, { ...fault, program: 'rangeway' }]),
};

describe('the results of clients', () => {
  test('are medians of right files, and counts of outcomes', () => {
    expect(RECORD.speeds[0]).toEqual({ column: 'far', program: 'curl', mbPerSecond: 20, cpuPerGiB: 1, failed: 1 });
    expect(RECORD.faults[0]).toEqual({ cell: 'breaks', program: 'curl', whole: 1, wrong: 1, error: 0 });
  });

  test('are a table with a column for each client that was measured', () => {
    const page = toClientsPage(RECORD);
    expect(page).toContain('| `curl` | 20 (1.00 s), 1 failed |');
    expect(page).toContain('|  | `rangeway` | `curl` |');
    expect(page).toContain('| breaks | 1 whole | 1 whole, 1 **WRONG** |');
    expect(parseClientsRecord(JSON.stringify(RECORD))).toEqual(RECORD);
  });

  test('on record are those of the page', () => {
    const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
    const record = parseClientsRecord(read('bench/clients/results/record.json'));
    expect(read('docs/download-clients.md')).toBe(toClientsPage(record));
  });
});
