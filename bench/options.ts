import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The options of a command line of the bench. */
export interface BenchOptions {
  /** Names of the parts to run; empty for all. */
  readonly parts: readonly string[];
  readonly rounds: number;
  /** Length of a timed run, in seconds. */
  readonly seconds: number;
  /** Size of the large object, in bytes. */
  readonly large: number;
  readonly pin: boolean;
  /** Roots of other checkouts of Rangeway, measured beside this one. */
  readonly beside: readonly string[];
  /** Whether to fail if anything does not work. Targets are not judged, because the figures of a smoke run mean nothing. */
  readonly smoke: boolean;
  /** File for the results. */
  readonly json: string;
  /** Whether the results become the record of their parts in bench/results. */
  readonly write: boolean;
  /** File of results to report, instead of running anything. */
  readonly report: string | undefined;
  /** Whether to only regenerate pages from the records, without running anything. */
  readonly tables: boolean;
}

/** The text of `--help`. */
export const HELP = `npm run bench -- [NAME…]    runs all parts, or those named, and prints ratios
  --rounds N      rounds of each workload (default: 5)
  --seconds S     of each timed run (default: 2)
  --large MIB     size of the large object (default: 1024)
  --no-pin        do not give the measured server a core of its own
  --beside FOLDER measure Rangeway of another checkout too, with its own node_modules; may be given several times
  --json FILE     where the results go (default: .rangeway/bench/results.json)
  --write         put the results on record: bench/results/PART.json and PART.md, and the figures in docs/performance.md
  --report FILE   report earlier results instead of running; with --write, put them on record
  --tables        only regenerate bench/results/*.md and the figures in docs/performance.md from bench/results/*.json
  --smoke         one short round over small objects, to see that the bench works
`;

const SMOKE = { rounds: 1, seconds: 0.1, large: 16 };
const FULL = { rounds: 5, seconds: 2, large: 1024 };

/**
 * Parses a command line.
 *
 * @returns `undefined` if it asks for help
 * @throws TypeError for an unknown option, RangeError for an invalid value or combination
 */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      large: { type: 'string' },
      pin: { type: 'boolean', default: true },
      beside: { type: 'string', multiple: true, default: [] },
      smoke: { type: 'boolean', default: false },
      json: { type: 'string', default: '.rangeway/bench/results.json' },
      write: { type: 'boolean', default: false },
      report: { type: 'string' },
      tables: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.smoke && values.write) throw new RangeError('the figures of --smoke mean nothing: leave --write out');
  const defaults = values.smoke ? SMOKE : FULL;
  return {
    parts: positionals,
    rounds: Math.round(toNumber('rounds', values.rounds, defaults.rounds)),
    seconds: toNumber('seconds', values.seconds, defaults.seconds),
    large: Math.round(toNumber('large', values.large, defaults.large)) * 1024 ** 2,
    pin: values.pin,
    beside: values.beside.map((folder) => resolve(folder)),
    smoke: values.smoke,
    json: values.json,
    write: values.write,
    report: values.report,
    tables: values.tables,
  };
}

/** Minimum of each number: ten ranges of 1 MiB need an object of 10 MiB, and runs below 0.1 s measure nothing. */
const MINIMUM: Readonly<Record<string, number>> = { rounds: 1, seconds: 0.1, large: 16 };

function toNumber(name: string, text: string | undefined, defaultValue: number): number {
  const value = text === undefined ? defaultValue : Number(text);
  const minimum = MINIMUM[name] ?? 0;
  if (!(value >= minimum)) throw new RangeError(`--${name} takes a number from ${minimum}, not "${text}"`);
  return value;
}
