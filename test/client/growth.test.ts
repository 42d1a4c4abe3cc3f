import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialGrowth, limitTo, measure, type Growth } from '../../src/client/growth.ts';
import { holds } from '../property-runs.ts';

/** Lets a download run over a link, in ticks of 100 ms. `rate` of the link by the number of connections. */
function runFor(
  ms: number,
  rate: (connections: number) => number,
  ceiling = 8,
  growth: Growth = initialGrowth(ceiling),
) {
  let state = growth;
  let received = 0;
  const targets: number[] = [];
  for (let now = 100; now <= ms; now += 100) {
    received += rate(state.target) * 100;
    state = measure(state, { now, received, receiving: state.target, responseTime: 60 });
    targets.push(state.target);
  }
  return { state, targets };
}

test('a server that limits each connection gets all of them within half a second', () => {
  expect(runFor(500, (connections) => connections * 1_000).state.target).toBe(8);
});

test('a link that one connection fills gets one, and another is tried every ten seconds', () => {
  const { targets } = runFor(30_000, () => 1_000);
  expect(targets.filter((target) => target === 1).length).toBeGreaterThan(targets.length * 0.8);
  expect(Math.max(...targets)).toBe(2);
  expect(targets.at(-1)).toBe(1);
});

test.for([2, 3, 4, 5, 6, 7])('a link that %i connections fill gets as many, or one more for a while', (width) => {
  const { targets } = runFor(30_000, (connections) => Math.min(connections, width) * 1_000);
  const settled = targets.slice(30);
  expect(settled.filter((target) => target === width || target === width + 1)).toHaveLength(settled.length);
  expect(settled.filter((target) => target === width).length).toBeGreaterThan(settled.length * 0.8);
});

test('a refused connection is tried again after ten seconds', () => {
  const { state } = runFor(2_000, (connections) => connections * 1_000);
  const limited = limitTo(state, 4, { now: 0, received: 0 });
  expect(limited.target).toBe(4);
  expect(runFor(9_000, (connections) => connections * 1_000, 8, limited).state.target).toBe(4);
  expect(runFor(13_000, (connections) => connections * 1_000, 8, limited).state.target).toBeGreaterThan(4);
});

test('there is always at least one connection, and never more than allowed', () => {
  holds(
    fc.property(
      fc.integer({ min: 1, max: 16 }),
      fc.array(fc.tuple(fc.nat(2_000), fc.nat(1_000_000), fc.nat(16), fc.option(fc.nat(20))), { maxLength: 60 }),
      (ceiling, steps) => {
        let state = initialGrowth(ceiling);
        let now = 0;
        let received = 0;
        for (const [elapsed, bytes, receiving, limit] of steps) {
          now += elapsed;
          received += bytes;
          if (limit !== null) state = limitTo(state, limit, { now, received });
          state = measure(state, { now, received, receiving, responseTime: elapsed % 100 });
          expect(state.target).toBeGreaterThanOrEqual(1);
          expect(state.target).toBeLessThanOrEqual(ceiling);
        }
      },
    ),
  );
});
