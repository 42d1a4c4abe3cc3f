import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Figures } from '../../bench/measure/figures.ts';
import type { ServerPart } from '../../bench/parts/part.ts';
import { PARTS } from '../../bench/parts/index.ts';
import { parseBenchOptions } from '../../bench/options.ts';
import { toDocument } from '../../bench/report/document.ts';
import { PERFORMANCE_PAGE, readRecords, RESULTS_FOLDER } from '../../bench/report/files.ts';
import { countQuotes, refreshQuotes } from '../../bench/report/quotes.ts';
import { formatRecord, parseRecord } from '../../bench/report/record.ts';
import type { CellResult, PartResult, RunInfo } from '../../bench/report/results.ts';
import { meanTable } from '../../bench/report/tables.ts';
import { summarize } from '../../bench/report/summarize.ts';

const records = readRecords();
const page = readFileSync(PERFORMANCE_PAGE, 'utf8');

function readResult(name: string): string {
  return readFileSync(join(RESULTS_FOLDER, name), 'utf8');
}

describe('bench/results', () => {
  test('has a page for each record, and nothing else', () => {
    const names = records.flatMap(({ part }) => [`${part}.json`, `${part}.md`]);
    expect(readdirSync(RESULTS_FOLDER).toSorted()).toEqual(names.toSorted());
  });

  test.for(records)('page of $part: generated from the record', (record) => {
    expect(readResult(`${record.part}.md`)).toBe(toDocument(record));
  });

  test.for(records)('record of $part: formatted as the bench writes it, and a part of the bench', (record) => {
    expect(readResult(`${record.part}.json`)).toBe(formatRecord(record));
    expect(PARTS.map(({ name }) => name)).toContain(record.part);
  });

  test('has no absolute path of a machine', () => {
    for (const record of records) expect(formatRecord(record)).not.toMatch(/"\/|[ :]\/\w+\//);
  });
});

describe('docs/performance.md', () => {
  test('quotes the figures on record', () => {
    expect(countQuotes(page)).toBeGreaterThan(20);
    expect(refreshQuotes(page, records)).toBe(page);
  });

  test('has fewer than 150 lines', () => {
    expect(page.split('\n').length).toBeLessThan(150);
  });
});

const figures: Figures = {
  mbPerSecond: 100,
  requestsPerSecond: 10,
  firstByteP50: 1,
  firstByteP99: 2,
  cpuPerGiB: 1,
  cpuPerThousand: 1,
  storageRequests: 0,
  storageBytes: 0,
  peakRss: 2 ** 20,
  busy: 1,
  helpersBusy: 0.5,
};

function cell(contestant: string, role: CellResult['role'], ...speeds: readonly number[]): CellResult {
  const rounds = speeds.map((mbPerSecond) => ({ ...figures, mbPerSecond }));
  return { contestant, role, workload: 'whole', rounds, failure: speeds.length === 0 ? 'answers 500' : undefined };
}

function plan(...contestants: readonly CellResult[]): ServerPart {
  return {
    type: 'servers',
    name: 'example',
    title: 'Example',
    storage: 'fast',
    contestants: contestants.map(({ contestant: name, role }) => ({
      name,
      role,
      start: () => Promise.reject(new Error('not started')),
    })),
    workloads: [
      {
        name: 'whole',
        title: 'whole',
        object: 'large',
        pattern: { form: 'whole' },
        connections: 1,
        status: 200,
        shows: ['mbPerSecond', 'storageRequests'],
      },
    ],
  };
}

const run: RunInfo = {
  made: '2026-01-02T03:04:05Z',
  commit: '0123456789ab',
  sameCode: ['copy'],
  machine: { cores: '2' },
  versions: { rangeway: '0.1.0' },
  rounds: 3,
  seconds: 2,
  large: 2 ** 28,
  pinned: true,
};

const part: PartResult = { name: 'example', title: 'Old title', cells: [], facts: [], skipped: [] };

/** A record of Rangeway beside nginx, a broken peer, and the same code in another checkout. */
function exampleRecord() {
  const planned = [
    cell('nginx', 'peer', 100, 200, 400),
    cell('broken', 'peer'),
    cell('rangeway', 'subject', 50, 200, 100),
  ];
  const cells = [...planned, cell('rangeway@copy', 'peer', 50, 100, 100)];
  return summarize({ ...part, cells, skipped: ['rclone: not\n installed'] }, plan(...planned), run);
}

describe('a record', () => {
  test('has the geometric mean of the rates, and the least of them, for each reference', () => {
    const record = exampleRecord();
    const [first] = record.comparisons;
    if (first === undefined || 'failure' in first) throw new Error('nothing is compared');
    const other = { ...first, workload: 'other', ratios: { nginx: { median: 2, min: 2, max: 2 } } };
    const slower = { ...other, figure: 'cpuPerGiB' } as const;
    expect(meanTable({ ...record, comparisons: [first, other, slower] })).toEqual([
      ['contestant', 'reference', 'geometric mean', 'least', 'rates'],
      ['rangeway', '÷ nginx', '1.000', '0.500', '2'],
      ['rangeway', '÷ rangeway@copy', '1.000', '1.000', '1'],
    ]);
    expect(meanTable({ ...record, comparisons: [] })).toEqual([]);
  });

  test('has the ratio of each round: median and extremes', () => {
    expect(exampleRecord().comparisons).toEqual([
      {
        workload: 'whole',
        contestant: 'rangeway',
        figure: 'mbPerSecond',
        ratios: {
          nginx: { median: 0.5, min: 0.25, max: 1 },
          broken: 'answers 500',
          'rangeway@copy': { median: 1, min: 1, max: 2 },
        },
      },
      {
        workload: 'whole',
        contestant: 'rangeway',
        figure: 'storageRequests',
        ratios: { nginx: null, broken: 'answers 500', 'rangeway@copy': null },
      },
    ]);
  });

  test('has the run, the noise, medians and skipped contestants', () => {
    const record = exampleRecord();
    expect(record).toMatchObject({ part: 'example', title: 'Example', date: '2026-01-02', commit: '0123456789ab' });
    expect(record.noise).toEqual({ median: 1, min: 1, max: 1 });
    expect(record.skipped).toEqual(['rclone: not installed']);
    expect(record.cells[0]).toEqual({
      workload: 'whole',
      contestant: 'nginx',
      medians: { mbPerSecond: 200, storageRequests: 0 },
      contestantCores: 1,
      helperCores: 0.5,
    });
    expect(record.cells[1]).toEqual({ workload: 'whole', contestant: 'broken' });
  });

  test('is the same after it was written and read', () => {
    const record = exampleRecord();
    expect(parseRecord(formatRecord(record))).toEqual(record);
  });

  test('becomes a page', () => {
    const text = toDocument(exampleRecord());
    expect(text).toContain('2026-01-02, commit 0123456789ab: 3 rounds of 2 s, large object 256 MiB');
    expect(text).toContain('| whole | rangeway | MB/s | 0.50 (0.25–1.00) | answers 500 | 1.00 (1.00–2.00) |');
    expect(text).toContain('| whole | 1.00 / 0.50 |  | 1.00 / 0.50 | 1.00 / 0.50 |');
  });
});

describe('a quote', () => {
  const quote = (number: string, path: string) => `| ${number}<!-- bench: ${path} --> |`;
  const path = 'example.whole.rangeway.mbPerSecond.nginx';

  test('gets the figure on record', () => {
    expect(refreshQuotes(quote('0.99', path), [exampleRecord()])).toBe(quote('0.50', path));
    expect(refreshQuotes(quote('**0.99', path), [exampleRecord()])).toBe(quote('**0.50', path));
  });

  test('names a median, or a fact', () => {
    expect(refreshQuotes(quote('9', 'example.whole.nginx.mbPerSecond'), [exampleRecord()])).toContain('| 200<!--');
    const fact = {
      name: 'size',
      title: 'size',
      unit: 'bytes',
      value: { median: 2048, min: 2048, max: 2048 },
      peer: { name: 'other', value: { median: 1024, min: 1024, max: 1024 } },
      max: 4096,
    } as const;
    const record = summarize({ ...part, cells: [], facts: [fact] }, undefined, run);
    for (const [member, text] of [
      ['value', '2.0'],
      ['peer', '2.00'],
      ['limit', '0.50'],
    ])
      expect(refreshQuotes(quote('9', `example.size.${member}`), [record])).toContain(`| ${text}<!--`);
  });

  test('names the ratio or difference of a target', () => {
    const subject = { contestant: 'rangeway', workload: 'huge' };
    const reference = { contestant: 'rangeway', workload: 'small' };
    const found = { median: 1.25, min: 1, max: 2 };
    const target = { subject, reference, figure: 'peakRss', bound: { max: 1.1 }, found } as const;
    const record = { ...exampleRecord(), targets: [target] };
    const text = quote('9', 'example.target.peakRss.rangeway/huge.rangeway/small');
    expect(refreshQuotes(text, [record])).toContain('| 1.25<!--');
    expect(toDocument(record)).toContain(
      '| rangeway huge to rangeway small | peak memory | 1.25 (1.00–2.00) | ≤ 1.1 | missed |',
    );
  });

  test.for([
    'other.whole.rangeway.mbPerSecond.nginx',
    'example.whole.rangeway.mbPerSecond.broken',
    'example.whole.rangeway.cpuPerGiB.nginx',
    'example.size.value',
  ])('of a figure that is not on record fails: %s', (unknown) => {
    expect(() => refreshQuotes(quote('0.99', unknown), [exampleRecord()])).toThrow(`no figure on record: ${unknown}`);
  });

  test('needs a number before the comment', () => {
    expect(() => refreshQuotes(quote('', path), [exampleRecord()])).toThrow('no number is before');
  });
});

describe('the command line', () => {
  test('regenerates pages, or puts a run on record', () => {
    expect(parseBenchOptions(['--tables'])).toMatchObject({ tables: true, write: false });
    expect(parseBenchOptions(['disk', '--write'])).toMatchObject({ tables: false, write: true, parts: ['disk'] });
  });

  test('puts no smoke run on record', () => {
    expect(() => parseBenchOptions(['--smoke', '--write'])).toThrow(RangeError);
  });
});
