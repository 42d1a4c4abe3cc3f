import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What a command line of the bench says. */
export interface BenchOptions {
  /** Parts by name; empty for all. */
  readonly parts: readonly string[];
  readonly rounds: number;
  /** Of each timed run. */
  readonly seconds: number;
  /** Size of the large object, in bytes. */
  readonly large: number;
  readonly pin: boolean;
  /** Other checkouts of Rangeway, to be measured beside this one. */
  readonly beside: readonly string[];
  /** Fails where anything went wrong; says nothing of targets, since a smoke run's figures mean nothing. */
  readonly smoke: boolean;
  /** Where the results go. */
  readonly json: string;
  /** Whether docs/performance.md gets them too. */
  readonly write: boolean;
  /** Results of an earlier run, to be reported instead of running. */
  readonly report: string | undefined;
}

export const HELP = `npm run bench -- [NAME…]    runs all parts, or those named, and prints ratios
  --rounds N      rounds of each workload (default: 5)
  --seconds S     of each timed run (default: 2)
  --large MIB     size of the large object (default: 1024)
  --no-pin        do not give the measured server a core of its own
  --beside FOLDER measure Rangeway of another checkout too, with its own node_modules; may be given several times
  --json FILE     where the results go (default: .rangeway/bench/results.json)
  --write         put the report into docs/performance.md
  --report FILE   report earlier results instead of running
  --smoke         one short round over small objects, to see that the bench works
`;

const SMOKE = { rounds: 1, seconds: 0.1, large: 16 };
const FULL = { rounds: 5, seconds: 2, large: 1024 };

/**
 * Reads a command line.
 *
 * @returns `undefined` where it asks for help
 * @throws TypeError for an option that is not known, RangeError for a value that can't be used
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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
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
  };
}

/** Ten clients a range of 1 MiB each need an object of 10 MiB at least; less than a tenth of a second shows nothing. */
const LEAST: Readonly<Record<string, number>> = { rounds: 1, seconds: 0.1, large: 16 };

function toNumber(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  const least = LEAST[name] ?? 0;
  if (!(value >= least)) throw new RangeError(`--${name} takes a number from ${least}, not "${text}"`);
  return value;
}
