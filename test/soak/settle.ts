import { setTimeout as sleep } from 'node:timers/promises';
import { figuresOf } from './figures.ts';

/** @returns how many ms it took, or `undefined` where it did not come to hold within `limit` ms */
export async function whenHolds(holds: () => boolean, limit: number): Promise<number | undefined> {
  const began = performance.now();
  while (!holds()) {
    if (performance.now() - began > limit) return undefined;
    await sleep(50);
  }
  return performance.now() - began;
}

/** Takes the highest resident set of a process until stopped, in bytes. */
export function watchPeak(pid: number): () => number {
  let peak = figuresOf(pid).rss;
  const timer = setInterval(() => (peak = Math.max(peak, figuresOf(pid).rss)), 200);
  return () => {
    clearInterval(timer);
    return Math.max(peak, figuresOf(pid).rss);
  };
}
