import { rangewayNode } from '../contestants/rangeway.ts';
import { s3proxy } from '../contestants/s3proxy.ts';
import { randomRanges } from '../workloads/ranges.ts';
import { wholeLarge, wholeMedium } from '../workloads/whole.ts';
import type { ServerPart } from './part.ts';

const KiB = 1024;

/** Over TLS, as storages are reached. The load generator speaks none, so that nothing asks the storage directly. */
export const tls: ServerPart = {
  type: 'servers',
  name: 'tls',
  title: 'Node over S3 with TLS',
  storage: 'secure',
  contestants: [s3proxy, rangewayNode],
  workloads: [wholeLarge, wholeMedium, randomRanges(64 * KiB, 8), randomRanges(16, 8)],
};
