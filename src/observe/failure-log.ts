import { steadyTime } from '../base/clock.ts';
import { describeError } from './log.ts';

/** How often a failure is told, in ms. */
const TOLD_TIME = 60_000;

/** Counts the changes of transfers that could not be stored, and tells their number once a minute. */
export interface FailureLog {
  add(count: number, cause: unknown): void;
  readonly lost: () => number;
}

/** Makes a log of failures. @param warn receives a sentence, at most once a minute */
export function failureLog(warn: (message: string) => void): FailureLog {
  let lost = 0;
  let told = Number.NEGATIVE_INFINITY;
  return {
    add(count, cause) {
      lost += count;
      if (steadyTime() - told < TOLD_TIME) return;
      told = steadyTime();
      warn(`transfers: ${lost} changes since the start are not stored, downloads go on: ${describeError(cause)}`);
    },
    lost: () => lost,
  };
}
