/** A counting semaphore: limits the units in use at a time, such as requests, open files or bytes of memory. */
export interface Semaphore {
  /** Whether so many units are free. By default 1. */
  canAcquire(amount?: number): boolean;
  /**
   * Acquires units without waiting. By default 1.
   *
   * @returns a function that releases the units; further calls of it have no effect. `undefined` if too few are free.
   */
  tryAcquire(amount?: number): (() => void) | undefined;
  /**
   * Runs work that holds one unit. It waits until a unit is free, in the order of the calls, and releases the unit when
   * the work has resolved or rejected.
   */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * Makes a counting semaphore.
 *
 * @param capacity number of units; `Infinity` for no limit
 */
export function semaphore(capacity: number): Semaphore {
  let used = 0;
  const waiting: (() => void)[] = [];
  const canAcquire = (amount = 1) => used + amount <= capacity;

  function release(amount: number): void {
    used -= amount;
    while (waiting.length > 0 && canAcquire()) {
      // Acquired for the waiting call here, so that no other call can overtake it before it continues.
      used++;
      waiting.shift()?.();
    }
  }

  return {
    canAcquire,
    tryAcquire(amount = 1) {
      if (!canAcquire(amount)) return undefined;
      used += amount;
      let isAcquired = true;
      return () => {
        if (isAcquired) release(amount);
        isAcquired = false;
      };
    },
    async run(work) {
      if (canAcquire()) used++;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      try {
        return await work();
      } finally {
        release(1);
      }
    },
  };
}
