import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { share } from '../campaigns/share.ts';
import { randomOf } from '../fuzz/random.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';
import { playCache, type CacheOutcome } from './model/cache-history.ts';
import { fakeTime } from './model/turns.ts';

expectNoUnhandledRejections();
beforeAll(fakeTime);
afterAll(() => void vi.useRealTimers());

/** The environment variable RANGEWAY_SEED selects another run; a failure prints the seed. */
const SEED = Number(process.env['RANGEWAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = share(10_000);

test('a cached store gives bytes of one version or an error, closes all that it has opened, and releases its memory', async () => {
  const sum: CacheOutcome = { whole: 0, left: 0, broken: 0, refused: 0, bodiless: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round;
    try {
      const one = await playCache(randomOf(seed, 0));
      sum.whole += one.whole;
      sum.left += one.left;
      sum.broken += one.broken;
      sum.refused += one.refused;
      sum.bodiless += one.bodiless;
    } catch (error) {
      throw new Error(`with RANGEWAY_SEED=${seed}`, { cause: error });
    }
  }
  console.log(`RANGEWAY_SEED=${SEED}, ${ROUNDS} histories of a cached store: ${JSON.stringify(sum)}`);
  // Enough must happen for the run to prove anything, unless it repeats a single history.
  if (ROUNDS < 100) return;
  expect(sum.whole).toBeGreaterThan(ROUNDS);
  expect(Math.min(sum.left, sum.broken, sum.bodiless)).toBeGreaterThan(ROUNDS / 20);
}, 120_000);
