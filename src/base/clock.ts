/**
 * The time in ms, from a start that means nothing, on a clock for ages: the difference of two readings is no less than
 * what the monotonic clock and the wall clock say. A wall clock that is set back makes nothing younger, and a
 * suspend, in which Linux's monotonic clock stands still, makes everything older. Times that outlive the process, and
 * those that were agreed with others, are of the wall clock: `Date.now()`.
 *
 * @example
 * const asked = steadyTime();
 * const isFresh = () => steadyTime() - asked < 30_000;
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

/** Steps of the wall clock up to this many ms are its resolution and its slow corrections. */
const JITTER = 250;

/** How far the wall clock is ahead of the monotonic one, as of its last step. */
let knownLead = Date.now() - performance.now();

/** All steps of the wall clock forward, in ms. */
let stepsForward = 0;
