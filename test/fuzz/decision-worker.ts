import { parentPort, workerData } from 'node:worker_threads';
import { fuzzDecisions } from './decisions.ts';
import type { DecisionTask } from './watched-decisions.ts';

const { seed, from, to, progress }: DecisionTask = workerData;
const at = new Int32Array(progress);

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has none
parentPort?.postMessage(fuzzDecisions(seed, to, from, (index) => (at[0] = index)));
