import { vi } from 'vitest';
import type { Random } from '../../fuzz/random.ts';

/** A schedule: the order in which all that waits goes on is the seed's alone, down to the microtask. */
export interface Turns {
  readonly random: Random;
  /** Waits for so many turns. None at all is not even a microtask for the schedule. */
  wait(times: number): Promise<void>;
  /**
   * Gives turns until `isDone` and nothing waits for one. Where nothing but timers can go on, the next one fires.
   *
   * @throws Error where nothing can go on, or it goes on for ever
   */
  play(isDone: () => boolean): Promise<void>;
}

/** More than any history takes. */
const MOST = 200_000;

/** Makes a schedule. Timers have to be fake. */
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
        // Some go on in the middle of what others do.
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

/** Lets the microtasks that are due go on for one step. */
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
