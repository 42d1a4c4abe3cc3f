import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { share } from '../campaigns/share.ts';
import { randomOf } from '../fuzz/random.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';
import { playFill } from './model/fill-history.ts';
import { fakeTime } from './model/turns.ts';

expectNoUnhandledRejections();
beforeAll(fakeTime);
afterAll(() => void vi.useRealTimers());

/** The environment variable RANGEWAY_SEED selects another run; a failure prints the seed. */
const SEED = Number(process.env['RANGEWAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = share(10_000);

test('a fill gives each client exact bytes or an error, stores whole blocks once, and releases its memory and its read', async () => {
  const sum = { given: 0, missed: 0, broken: 0, left: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round;
    try {
      const one = await playFill(randomOf(seed, 0));
      sum.given += one.given;
      sum.missed += one.missed;
      sum.broken += one.broken;
      sum.left += one.left;
    } catch (error) {
      throw new Error(`with RANGEWAY_SEED=${seed}`, { cause: error });
    }
  }
  console.log(`RANGEWAY_SEED=${SEED}, ${ROUNDS} histories of a fill: ${JSON.stringify(sum)}`);
  // Enough must happen for the run to prove anything, unless it repeats a single history.
  if (ROUNDS < 100) return;
  expect(sum.given).toBeGreaterThan(ROUNDS);
  expect(Math.min(sum.missed, sum.broken, sum.left)).toBeGreaterThan(ROUNDS / 50);
}, 120_000);
