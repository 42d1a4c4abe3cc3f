import { rangewayAgain, rangewayMetrics, rangewayNode } from '../contestants/rangeway.ts';
import { downloads } from '../workloads/downloads.ts';
import type { ServerPart } from './part.ts';

/** Rangeway with metrics, without, and without again: the last two show the noise of the machine. */
export const metrics: ServerPart = {
  type: 'servers',
  name: 'metrics',
  title: 'Node over S3, with metrics and without',
  storage: 'fast',
  contestants: [rangewayAgain, rangewayNode, rangewayMetrics],
  workloads: downloads,
};
