import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { steadyTime } from '../../src/base/clock.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

/** Moves only the wall clock. */
const set = (ms: number) => vi.setSystemTime(Date.now() + ms);

test('an age is the time of both clocks if they agree', () => {
  const since = steadyTime();
  vi.advanceTimersByTime(1_234);
  expect(steadyTime() - since).toBe(1_234);
});

test('setting the wall clock back makes no age smaller', () => {
  const since = steadyTime();
  set(-HOUR);
  vi.advanceTimersByTime(500);
  expect(steadyTime() - since).toBe(500);
  set(-HOUR);
  expect(steadyTime() - since).toBe(500);
});

test('a step forward of the wall clock, as after a suspend, makes all ages larger', () => {
  const since = steadyTime();
  vi.advanceTimersByTime(500);
  set(HOUR);
  expect(steadyTime() - since).toBe(HOUR + 500);
});

test('an age that began after a step back includes a later suspend shorter than that step', () => {
  set(-HOUR);
  const since = steadyTime();
  set(HOUR / 2);
  expect(steadyTime() - since).toBe(HOUR / 2);
});

test('rounding and small corrections of the wall clock are not steps', () => {
  const since = steadyTime();
  for (let i = 0; i < 1_000; i++) {
    vi.advanceTimersByTime(1);
    set(i % 2 === 0 ? 1 : -1);
    steadyTime();
  }
  expect(steadyTime() - since).toBe(1_000);
});
