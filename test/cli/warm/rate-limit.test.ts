import { describe, expect, test } from 'vitest';
import { rateLimit } from '../../../src/cli/warm/rate-limit.ts';

/** A clock that passes only by sleeping; each sleep is late by some ms, as timers are. */
function lateClock(late: number) {
  let time = 1_000;
  return {
    now: () => time,
    async sleep(wait: number): Promise<void> {
      time += wait + late;
      await Promise.resolve();
    },
  };
}

async function takeTimes(perSecond: number, count: number, late: number): Promise<readonly number[]> {
  const clock = lateClock(late);
  const limit = rateLimit(perSecond, clock);
  const times: number[] = [];
  await Promise.all(Array.from({ length: count }, () => limit.take().then(() => times.push(clock.now()))));
  return times;
}

/** The most tokens in any time of a second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + 1000).length));
}

describe.for([0, 1, 7])('with timers that are late by %d ms', (late) => {
  test.for([0.5, 1, 3, 50, 1_000])('%d a second are never exceeded', async (perSecond) => {
    const times = await takeTimes(perSecond, Math.max(5, perSecond * 3), late);
    expect(mostInASecond(times)).toBeLessThanOrEqual(Math.ceil(perSecond + Math.max(1, perSecond / 10)));
  });

  test('1,000 a second are reached, because tokens of late timers are kept', async () => {
    const times = await takeTimes(1_000, 3_000, late);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(3_100);
  });
});

test('a pause holds for all, and saves up no more than a tenth of a second', async () => {
  const clock = lateClock(0);
  const limit = rateLimit(100, clock);
  await limit.take();
  const start = clock.now();
  limit.pause(5_000);
  limit.pause(1_000);
  const times: number[] = [];
  await Promise.all(Array.from({ length: 50 }, () => limit.take().then(() => times.push(clock.now() - start))));
  expect(Math.min(...times)).toBeGreaterThanOrEqual(5_000);
  expect(times.filter((time) => time < 5_005)).toHaveLength(10);
});

test('tokens are given out in the order of the calls', async () => {
  const limit = rateLimit(1, lateClock(0));
  const order: number[] = [];
  await Promise.all([1, 2, 3].map((id) => limit.take().then(() => order.push(id))));
  expect(order).toEqual([1, 2, 3]);
});
