import {
  bareR2,
  bareS3,
  rangewayQuiet,
  rangewayR2,
  rangewayR2Cached,
  rangewayR2Signed,
  rangewayS3,
  render2,
} from '../contestants/workerd.ts';
import { missing, notModified } from '../workloads/bodiless.ts';
import { multipart, randomRanges, resume, suffix } from '../workloads/ranges.ts';
import { slowClients, stampede, wholeLarge, wholeMedium } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;
const MiB = 1024 ** 2;

/** Workers in workerd. */
export const workerd: ServerPart = {
  type: 'servers',
  name: 'workerd',
  title: 'Workers, in workerd with local R2 and over S3',
  storage: 'fast',
  contestants: [bareR2, render2, rangewayR2, rangewayQuiet, rangewayR2Cached, rangewayR2Signed, bareS3, rangewayS3],
  workloads: [
    wholeLarge,
    wholeMedium,
    randomRanges(8 * MiB, 1),
    ...[1, 8, 64].flatMap((clients) => [randomRanges(64 * KiB, clients), randomRanges(16, clients)]),
    suffix,
    multipart(64 * KiB, 8),
    multipart(MiB, 1),
    resume,
    notModified,
    missing,
    stampede,
    slowClients,
  ],
};
