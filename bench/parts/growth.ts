import { direct } from '../contestants/direct.ts';
import { rangewayNode } from '../contestants/rangeway.ts';
import { rangewayS3 } from '../contestants/workerd.ts';
import { multipart, randomRanges } from '../workloads/ranges.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** The same ranges of an object of 1 MB and of one of 1 TB: the size should make no difference. */
export const growth: ServerPart = {
  type: 'servers',
  name: 'growth',
  title: 'Ranges of 1 MB and of 1 TB',
  storage: 'fast',
  isFresh: true,
  contestants: [direct, rangewayNode, rangewayS3],
  workloads: [
    randomRanges(64 * KiB, 8, 'small'),
    randomRanges(64 * KiB, 8, 'huge'),
    multipart(KiB, 8, 'small'),
    multipart(KiB, 8, 'huge'),
  ],
};
