import { expect, test } from 'vitest';
import { chooseCount, chooseSeed } from './random.ts';
import { fuzzDecisionsWatched } from './watched-decisions.ts';

const CASES = chooseCount('RANGEWAY_FUZZ_CASES', 50_000);

test('the pure core decides any header fields correctly and without delay', { timeout: 600_000 }, async () => {
  const { stats } = await fuzzDecisionsWatched(chooseSeed(), CASES);
  // If one of them were missing, the cases would no longer test it.
  expect([...stats.keys()].toSorted()).toEqual(['200', '206', '206 in parts', '304', '412', '416']);
});
