import * as v from 'valibot';
import { spreadOf } from '../measure/statistics.ts';
import { CELLS, FAULTY, type FaultRun } from './faults.ts';
import { PROGRAMS } from './programs.ts';
import { COLUMNS, type SpeedRun } from './speed.ts';

const SpeedSchema = v.object({
  column: v.string(),
  program: v.string(),
  mbPerSecond: v.number(),
  cpuPerGiB: v.number(),
  /** Runs that did not end with the right file. */
  failed: v.number(),
});

const FaultSchema = v.object({
  cell: v.string(),
  program: v.string(),
  whole: v.number(),
  wrong: v.number(),
  error: v.number(),
});

const RecordSchema = v.object({
  date: v.pipe(v.string(), v.isoDate()),
  machine: v.record(v.string(), v.string()),
  rounds: v.number(),
  mib: v.number(),
  speeds: v.array(SpeedSchema),
  faults: v.array(FaultSchema),
});

/** The results on record: the content of `bench/clients/results/record.json`. */
export type ClientsRecord = Readonly<v.InferOutput<typeof RecordSchema>>;

/** Reads the text of a record. */
export function parseClientsRecord(text: string): ClientsRecord {
  return v.parse(RecordSchema, JSON.parse(text));
}

/** Summarizes the runs of each program: medians of those that ended with the right file. */
export function summarizeSpeeds(runs: readonly SpeedRun[]): ClientsRecord['speeds'] {
  return group(runs, ({ column, program }) => `${column} ${program}`).flatMap((some) => {
    const [first] = some;
    const whole = some.filter(({ outcome }) => outcome === 'whole');
    if (first === undefined) return [];
    return {
      column: first.column,
      program: first.program,
      mbPerSecond: round(spreadOf(whole.map(({ mbPerSecond }) => mbPerSecond))?.median),
      cpuPerGiB: round(spreadOf(whole.map(({ cpuPerGiB }) => cpuPerGiB))?.median),
      failed: some.length - whole.length,
    };
  });
}

/** Counts the outcomes of each program in each cell. */
export function summarizeFaults(runs: readonly FaultRun[]): ClientsRecord['faults'] {
  return group(runs, ({ cell, program }) => `${cell} ${program}`).flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const count = (one: FaultRun['outcome']) => some.filter(({ outcome }) => outcome === one).length;
    const { cell, program } = first;
    return { cell, program, whole: count('whole'), wrong: count('wrong'), error: count('error') };
  });
}

function round(value: number | undefined): number {
  return Number((value ?? 0).toPrecision(4));
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function group<T>(list: readonly T[], keyOf: (one: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(keyOf(one), (groups.get(keyOf(one)) ?? []).concat(one));
  return [...groups.values()];
}

/** A program by its name; with words besides, the name is no command. */
function code(name: string): string {
  return name.includes(' ') ? name : `\`${name}\``;
}

/** Prints the page of a record. */
export function toClientsPage({ date, machine, rounds, mib, speeds, faults }: ClientsRecord): string {
  const measured = new Set([...speeds, ...faults].map(({ program }) => program));
  const programs = PROGRAMS.map(({ name }) => name).filter((name) => measured.has(name));
  const timed = programs.filter((name) => speeds.some(({ program }) => program === name));
  const faulted = programs.filter((name) => faults.some(({ program }) => program === name));
  const speedOf = (column: string, program: string) =>
    speeds.find((one) => one.column === column && one.program === program);
  const cell = (column: string, program: string) => {
    const own = speedOf(column, program);
    if (own === undefined) return '';
    const rest = own.failed === 0 ? '' : `, ${own.failed} failed`;
    return own.mbPerSecond === 0
      ? `none${rest}`
      : `${own.mbPerSecond.toFixed(0)} (${own.cpuPerGiB.toFixed(2)} s)${rest}`;
  };
  const outcome = (name: string, program: string) => {
    const found = faults.find((one) => one.cell === name && one.program === program);
    if (found === undefined) return '';
    const parts = [
      [found.whole, 'whole'],
      [found.wrong, '**WRONG**'],
      [found.error, 'error'],
    ] as const;
    return parts
      .filter(([count]) => count > 0)
      .map(([count, word]) => `${count} ${word}`)
      .join(', ');
  };
  const rule = (columns: number) => row(Array.from({ length: columns }, () => '---'));
  return `# Download clients, side by side

\`rangeway get\` beside other clients, in speed and under faults. To measure again, on an idle machine with the programs of [bench/packages.txt](../bench/packages.txt) and the packages of \`bench\`, after a build: \`npm run bench:clients\`, whose option for the record makes this page. That was on ${date}: ${Object.values(machine).join(', ')}. Figures of two machines can't be compared.

## Speed

MB/s, and CPU seconds a GiB: medians of ${rounds} rounds in turns. Objects of ${mib} MiB, a quarter of it where a connection has 12 MB/s. The second row is the first one again: their difference is the noise.

${[row(['', ...COLUMNS.map(({ title }) => title)]), rule(COLUMNS.length + 1), ...timed.map((program) => row([code(program), ...COLUMNS.map(({ name }) => cell(name, program))]))].join('\n')}

## Faults

The first ${FAULTY} responses have the fault. A client that fails is started again, up to three times. **WRONG**: exit code 0, and the file is no version that the server had.

${[row(['', ...faulted.map(code)]), rule(faulted.length + 1), ...CELLS.map(({ name }) => row([name, ...faulted.map((program) => outcome(name, program))]))].join('\n')}
`;
}
