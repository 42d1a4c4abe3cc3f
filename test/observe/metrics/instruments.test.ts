import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { ANALYTICS_COLUMNS } from '../../../src/observe/metrics/analytics-engine.ts';
import { ACTIVE_DOWNLOADS, INSTRUMENTS, PROCESS_INSTRUMENTS } from '../../../src/observe/metrics/instruments.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

const ALL = [...INSTRUMENTS, ACTIVE_DOWNLOADS, ...Object.values(PROCESS_INSTRUMENTS)];

describe('docs/metrics.md', () => {
  test('has a row for each instrument, and no other', () => {
    const rows = [...page.matchAll(/^\| `(rangeway_\w+)` +\|/gm)].map(([, name = '']) => name);
    expect(rows.toSorted()).toEqual(
      ALL.map(({ type, name }) => (type === 'counter' ? `${name}_total` : name)).toSorted(),
    );
  });

  test('names the label and each of its values', () => {
    for (const instrument of INSTRUMENTS) {
      if (instrument.type === 'histogram' || instrument.label === undefined) continue;
      const row = page.split('\n').find((line) => line.startsWith(`| \`${instrument.name}_total\``)) ?? '';
      expect(row).toContain(`\`${instrument.label}\``);
      const values = Object.keys(instrument.series);
      // Statuses are told by the first and the last.
      for (const value of instrument.label === 'status' ? [values[0], values.at(-1)] : values) {
        expect(row).toContain(`\`${value}\``);
      }
    }
  });

  test('uses only metrics that exist', () => {
    const known = new Set(
      ALL.flatMap(({ type, name }) => (type === 'counter' ? [`${name}_total`] : [name, `${name}_bucket`])),
    );
    expect([...page.matchAll(/rangeway_\w+/g)].map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  test('has each column of a point of Analytics Engine', () => {
    for (const [kind, { length }] of Object.entries(ANALYTICS_COLUMNS)) {
      const name = kind.slice(0, -1);
      const columns = Array.from({ length }, (_, i) => `${name}${i + 1}`);
      const table = page.split('\n').filter((line) => /^\| `(?:index|blob|double)/.test(line));
      const cells = table.map((line) => line.split('|')[1]).join(' ');
      expect([...cells.matchAll(new RegExp(`\`(${name}\\d+)\``, 'g'))].map(([, one]) => one)).toEqual(columns);
    }
  });

  test('asks the log on Lambda for fields that an entry has', async () => {
    const entries: LogEntry[] = [];
    const store = memoryStore();
    await store.put('a', new Uint8Array(1));
    const gateway = createGateway({ store, observers: [logObserver((entry) => void entries.push(entry))] });
    await (await gateway.request('/a')).arrayBuffer();
    await expect.poll(() => entries).toHaveLength(1);
    const [, query = ''] = /^```\n(fields [^]*?)^```/m.exec(page) ?? [];
    const words = new Set(
      'fields timestamp filter ispresent and stats count as sum pct by bin requests bytes operations errors p99'.split(
        ' ',
      ),
    );
    const names = [...query.matchAll(/[A-Za-z]\w*/g)].map(([name]) => name).filter((name) => !/^\d|^m$/.test(name));
    const fields = names.filter((name) => !words.has(name));
    expect(fields.length).toBeGreaterThan(5);
    expect(Object.keys(entries[0] ?? {})).toEqual(expect.arrayContaining(fields));
  });
});

test('names end in the base unit, and no counter in _total, which printers add', () => {
  for (const instrument of INSTRUMENTS) {
    if (instrument.unit !== undefined) expect(instrument.name.endsWith(`_${instrument.unit}`)).toBe(true);
    expect(instrument.name).toMatch(/^rangeway_[a-z_]+(?<!_total)$/);
  }
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});
