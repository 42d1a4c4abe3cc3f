/**
 * The long run: `npm run fuzz`, or of one kind alone, `npm run fuzz -- decisions --seed N --case I`. How many cases,
 * by the environment variables RANGEWAY_FUZZ_CASES, RANGEWAY_FUZZ_SOCKETS and RANGEWAY_FUZZ_ANSWERS.
 */
import { parseArgs } from 'node:util';
import { fuzzAnswers } from './answers.ts';
import { chooseCount, chooseSeed } from './random.ts';
import { fuzzSockets } from './sockets.ts';
import { fuzzDecisionsWatched } from './watched-decisions.ts';

interface Kind {
  readonly cases: number;
  /** Runs the cases from one up to, not including, another; tells what became of them. */
  run(seed: number, to: number, from: number): Promise<string>;
}

const kinds: Readonly<Record<string, Kind>> = {
  decisions: {
    cases: chooseCount('RANGEWAY_FUZZ_CASES', 1_000_000),
    async run(seed, to, from) {
      const { stats, slowest } = await fuzzDecisionsWatched(seed, to, from);
      return `${print(stats)}; the slowest took ${slowest.toFixed(1)} ms`;
    },
  },
  sockets: {
    cases: chooseCount('RANGEWAY_FUZZ_SOCKETS', 20_000),
    async run(seed, to, from) {
      return print((await fuzzSockets(seed, to, from)).stats);
    },
  },
  answers: {
    cases: chooseCount('RANGEWAY_FUZZ_ANSWERS', 30_000),
    async run(seed, to, from) {
      return print((await fuzzAnswers(seed, to, from)).stats);
    },
  },
};

function print(stats: ReadonlyMap<string | number, number>): string {
  const counts = [...stats].map(([kind, count]) => [String(kind), count] as const);
  return counts
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, count]) => `${kind}: ${count}`)
    .join(', ');
}

const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, case: { type: 'string' } },
  allowPositionals: true,
});
const seed = values.seed === undefined ? chooseSeed() : Number(values.seed);
const [only] = positionals;
if (only !== undefined && !Object.hasOwn(kinds, only))
  throw new Error(`there is no ${only} to fuzz; there are ${Object.keys(kinds).join(', ')}`);
let failed = 0;
let passed = 0;
for (const [name, { cases, run }] of Object.entries(kinds)) {
  if (only !== undefined && only !== name) continue;
  const from = values.case === undefined ? 0 : Number(values.case);
  const to = values.case === undefined ? cases : from + 1;
  const began = performance.now();
  console.log(`${name}: ${to - from} cases of seed ${seed}`);
  try {
    console.log(`  ${await run(seed, to, from)} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
    passed++;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
