import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { steadyTime } from '../../src/base/clock.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

/** Moves the wall clock alone. */
const set = (ms: number) => vi.setSystemTime(Date.now() + ms);

test('an age is what both clocks say where they agree', () => {
  const since = steadyTime();
  vi.advanceTimersByTime(1_234);
  expect(steadyTime() - since).toBe(1_234);
});

test('a wall clock that is set back makes nothing younger', () => {
  const since = steadyTime();
  set(-HOUR);
  vi.advanceTimersByTime(500);
  expect(steadyTime() - since).toBe(500);
  set(-HOUR);
  expect(steadyTime() - since).toBe(500);
});

test('a step of the wall clock forward, as after a suspend, makes everything older', () => {
  const since = steadyTime();
  vi.advanceTimersByTime(500);
  set(HOUR);
  expect(steadyTime() - since).toBe(HOUR + 500);
});

test('an age that began after a step back counts a suspend of less than it', () => {
  set(-HOUR);
  const since = steadyTime();
  set(HOUR / 2);
  expect(steadyTime() - since).toBe(HOUR / 2);
});

test('what the wall clock rounds, or corrects little by little, is no step', () => {
  const since = steadyTime();
  for (let i = 0; i < 1_000; i++) {
    vi.advanceTimersByTime(1);
    set(i % 2 === 0 ? 1 : -1);
    steadyTime();
  }
  expect(steadyTime() - since).toBe(1_000);
});
