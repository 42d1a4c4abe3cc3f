/**
 * Reads a clock for measuring ages, in ms. The difference of two readings is at least the difference on the monotonic
 * clock, and grows with each forward step of the wall clock. So an age never decreases if the wall clock is set back,
 * and it includes the time of a suspend, during which Linux's monotonic clock stops. For times that outlive the process
 * or that other systems use, read the wall clock: `Date.now()`.
 *
 * @returns ms since an arbitrary start
 *
 * @example
 * import { steadyTime } from './clock.ts';
 *
 * const fetchedAt = steadyTime();
 * const isFresh = () => steadyTime() - fetchedAt < 30_000;
 */
export function steadyTime(): number {
  const monotonic = performance.now();
  const lead = Date.now() - monotonic;
  const step = lead - knownLead;
  if (Math.abs(step) > JITTER) {
    knownLead = lead;
    stepsForward += Math.max(0, step);
  }
  return monotonic + stepsForward;
}

/** Steps of the wall clock of at most this many ms are ignored: they come from its resolution and small corrections. */
const JITTER = 250;

/** Difference between the wall clock and the monotonic clock in ms, after the last step. */
let knownLead = Date.now() - performance.now();

/** Sum of all forward steps of the wall clock, in ms. */
let stepsForward = 0;
