import { setInterval } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { decisionCase, literal } from './decision-case.ts';
import type { DecisionRun } from './decisions.ts';

/** The task of a worker. */
export interface DecisionTask {
  readonly seed: number;
  /** The first case, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** One 32-bit number: the current case. */
  readonly progress: SharedArrayBuffer;
}

/** How long one case may keep a worker before it counts as hanging, in ms. */
const LIMIT = 20_000;

/**
 * Runs the cases on a thread of its own, so that a decision that never ends is seen: a regular expression that runs
 * away holds its thread for good.
 *
 * @throws Error with the case that failed or hangs
 */
export async function fuzzDecisionsWatched(seed: number, to: number, from = 0): Promise<DecisionRun> {
  const progress = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const task: DecisionTask = { seed, from, to, progress };
  const worker = new Worker(new URL('./decision-worker.ts', import.meta.url), { workerData: task });
  const ended = new AbortController();
  const run = new Promise<DecisionRun>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  const hung = watch(new Int32Array(progress), ended.signal).then((index) => {
    throw new Error(
      `case ${index} of seed ${seed} takes more than ${LIMIT / 1000} s: ${literal(decisionCase(seed, index))}`,
    );
  });
  try {
    return await Promise.race([run, hung]);
  } finally {
    ended.abort();
    hung.catch(() => undefined);
    await worker.terminate();
  }
}

/** @returns the case that is still the one that it was `LIMIT` ms ago */
async function watch(at: Int32Array, signal: AbortSignal): Promise<number> {
  let before = -1;
  for await (const _ of setInterval(LIMIT, undefined, { signal })) {
    const index = Atomics.load(at, 0);
    if (index === before) return index;
    before = index;
  }
  throw new Error('unreachable: the interval ends by its signal alone');
}
