import { vi } from 'vitest';
import type { Random } from '../../fuzz/random.ts';

/** A schedule: the seed alone decides the order in which pending work continues, down to the microtask. */
export interface Turns {
  readonly random: Random;
  /** Waits for a number of turns. With 0, the schedule does not take even a microtask. */
  wait(times: number): Promise<void>;
  /**
   * Runs turns until `isDone` and no work waits for one. If only timers can continue, the next one fires.
   *
   * @throws Error if no work can continue, or if it never ends
   */
  play(isDone: () => boolean): Promise<void>;
}

/** More turns than any history needs. */
const MOST = 200_000;

/** Creates a schedule. Timers must be fake. */
export function makeTurns(random: Random): Turns {
  const waiting: (() => void)[] = [];

  function goOn(): void {
    const at = random.below(waiting.length);
    const last = waiting.pop();
    if (last === undefined) return;
    const chosen = waiting[at] ?? last;
    if (at < waiting.length) waiting[at] = last;
    chosen();
  }

  return {
    random,
    async wait(times) {
      for (let i = 0; i < times; i++) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async play(isDone) {
      for (let i = 0; i < MOST; i++) {
        // Some work continues in the middle of other work.
        if (waiting.length > 0 && random.oneIn(2))
          for (let left = random.below(12); left > 0; left--) await microtask();
        else await quiet();
        if (waiting.length > 0) goOn();
        else if (isDone()) return;
        else if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
        else throw new Error('nothing goes on any more');
      }
      throw new Error('it goes on for ever');
    },
  };
}

/** Runs the pending microtasks by one step. */
export function microtask(): Promise<void> {
  return Promise.resolve();
}

/** Waits until all microtasks have run. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Fakes all clocks and timers but `setImmediate`. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
}
