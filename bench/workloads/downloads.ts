import { missing, notModified } from './bodiless.ts';
import { multipart, randomRanges, resume, suffix } from './ranges.ts';
import { slowClients, stampede, wholeLarge, wholeMedium } from './whole.ts';
import type { Workload } from './workload.ts';

const KiB = 1024;
const MiB = 1024 ** 2;

/** The workloads of the parts `node` and `workerd`: downloads, ranges, players, resumed downloads, stampedes. */
export const downloads: readonly Workload[] = [
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
];
