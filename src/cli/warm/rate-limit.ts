/** Limits the rate of requests by a token bucket. */
export interface RateLimit {
  /** Waits for a token, in the order of the calls. */
  take(): Promise<void>;
  /** Gives out no token for so many ms. */
  pause(time: number): void;
}

/** The time that is needed of a process. */
export interface RateClock {
  /** In ms since an arbitrary start. */
  now(): number;
  sleep(time: number): Promise<void>;
}

/** Tokens of so many seconds may be saved up, so that a timer that is late does not lower the rate. */
const BURST = 0.1;

/**
 * Creates a token bucket. In any time of `t` seconds it gives out `t * perSecond` tokens at the most, and a tenth of a
 * second's tokens, at least one, more.
 *
 * @param perSecond tokens that are added each second; may be a fraction
 */
export function rateLimit(perSecond: number, clock: RateClock): RateLimit {
  const capacity = Math.max(1, perSecond * BURST);
  let tokens = capacity;
  let filledAt = clock.now();
  let pausedUntil = filledAt;
  let last = Promise.resolve();

  async function waitForToken(): Promise<void> {
    for (;;) {
      const now = clock.now();
      tokens = Math.min(capacity, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      // A rounding error of the sum is no reason to wait.
      if (tokens > 1 - 1e-9 && now >= pausedUntil) break;
      await clock.sleep(Math.ceil(Math.max(pausedUntil - now, ((1 - tokens) / perSecond) * 1000)));
    }
    tokens -= 1;
  }

  return {
    take: () => (last = last.then(waitForToken)),
    pause(time) {
      pausedUntil = Math.max(pausedUntil, clock.now() + time);
    },
  };
}
