/** A bound on how much of something is in use at once: requests, open files, bytes in memory. */
export interface Semaphore {
  /** Whether there is room for so much more. By default 1. */
  hasRoom(amount?: number): boolean;
  /**
   * Takes room, if there is some. By default 1.
   *
   * @returns gives it back, once; `undefined` where there is no room
   */
  tryAcquire(amount?: number): (() => void) | undefined;
  /** Does work that takes room for 1, in the order of the calls; waits while there is none. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** @param capacity how much may be in use at once; `Infinity` for no bound */
export function semaphore(capacity: number): Semaphore {
  let used = 0;
  const waiting: (() => void)[] = [];
  const hasRoom = (amount = 1) => used + amount <= capacity;

  function release(amount: number): void {
    used -= amount;
    while (waiting.length > 0 && hasRoom()) {
      // Taken here and not when the work goes on, or a call in between would overtake it.
      used++;
      waiting.shift()?.();
    }
  }

  return {
    hasRoom,
    tryAcquire(amount = 1) {
      if (!hasRoom(amount)) return undefined;
      used += amount;
      let isHeld = true;
      return () => {
        if (isHeld) release(amount);
        isHeld = false;
      };
    },
    async run(work) {
      if (hasRoom()) used++;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      try {
        return await work();
      } finally {
        release(1);
      }
    },
  };
}
